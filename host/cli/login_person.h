/* login_person.h - the person at a login: asks for a secret on the terminal without showing it, or
 * takes it from a pipe; shows addresses and codes. Thread: [any]; one login per process.
 */
#ifndef HOST_CLI_LOGIN_PERSON_H
#define HOST_CLI_LOGIN_PERSON_H

struct host_services;

/* The members of `services` about the person. */
void login_person_serve(struct host_services *services);

#endif
