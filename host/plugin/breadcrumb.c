/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/breadcrumb.h"

_Thread_local struct breadcrumb breadcrumb_now;
