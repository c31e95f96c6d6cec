# beacon_add_plugin(): one folder becomes one plugin file with its manifest inside.
