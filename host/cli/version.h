/* version.h - what this build calls itself. */
#ifndef HOST_CLI_VERSION_H
#define HOST_CLI_VERSION_H

#ifndef BEACON_VERSION
#error "the build sets BEACON_VERSION from the project's version"
#endif

#define BEACON_PROGRAM "beacon"

#endif
