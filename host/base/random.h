/* random.h - unpredictable numbers from the kernel. Aborts where there is no such source. [any] */
#ifndef HOST_BASE_RANDOM_H
#define HOST_BASE_RANDOM_H

#include <stdint.h>

uint32_t random_number(void);
double random_unit(void); /* in [0, 1] */

#endif
