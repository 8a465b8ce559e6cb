/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inject PID CALL ARGUMENT...: has a process make a system call, and prints
 * what it returns: what somebody could do who has taken the process over.
 * Arguments are numbers, or short paths that begin with a slash. The process
 * goes on as if nothing had been. It exits with 77 where the machine is not
 * known.
 */
#include <stdio.h>

#ifdef __x86_64__
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALL_SIZE = 2, RED_ZONE = 128, TEXT_SIZE = 512 };

static void must(const char *what, long result)
{
	if (result >= 0)
		return;
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void await_stop(pid_t pid)
{
	int status;

	must("wait", waitpid(pid, &status, __WALL));
	if (WIFSTOPPED(status))
		return;
	fprintf(stderr, "inject: the process has ended\n");
	exit(1);
}

static unsigned long put_text(pid_t pid, unsigned long place, const char *text)
{
	struct iovec from = {(void *)text, strlen(text) + 1};
	struct iovec to = {(void *)place, from.iov_len};

	must("write", process_vm_writev(pid, &from, 1, &to, 1, 0));
	return place;
}

/* Texts stand below the stack. */
static void set_arguments(pid_t pid, struct user_regs_struct *regs,
			  char **arguments)
{
	unsigned long long *places[] = {&regs->rdi, &regs->rsi, &regs->rdx,
					&regs->r10, &regs->r8,	&regs->r9};

	unsigned long text = regs->rsp - RED_ZONE;

	for (int i = 0; i < 6 && arguments[i]; i++) {
		text -= TEXT_SIZE;
		*places[i] = *arguments[i] == '/'
				     ? put_text(pid, text, arguments[i])
				     : strtoull(arguments[i], NULL, 0);
	}
}

/* The process is stopped in a system call: its instruction is used again. */
static long make_call(pid_t pid, long number, char **arguments)
{
	struct user_regs_struct before, regs;

	must("registers", ptrace(PTRACE_GETREGS, pid, 0, &before));
	regs = before;
	regs.rip -= CALL_SIZE;
	regs.rax = number;
	regs.orig_rax = -1;
	set_arguments(pid, &regs, arguments);
	must("registers", ptrace(PTRACE_SETREGS, pid, 0, &regs));
	must("step", ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
	await_stop(pid);
	must("registers", ptrace(PTRACE_GETREGS, pid, 0, &regs));
	must("registers", ptrace(PTRACE_SETREGS, pid, 0, &before));
	return regs.rax;
}

int main(int argc, char **argv)
{
	pid_t pid;
	int number;

	if (argc < 3)
		return 2;
	pid = atoi(argv[1]);
	number = seccomp_syscall_resolve_name(argv[2]);
	if (number < 0)
		return 2;
	must("attach", ptrace(PTRACE_SEIZE, pid, 0, 0));
	must("interrupt", ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	await_stop(pid);
	printf("%ld\n", make_call(pid, number, argv + 3));
	must("detach", ptrace(PTRACE_DETACH, pid, 0, 0));
	return 0;
}
#else
int main(void)
{
	printf("system calls are injected on x86-64 only\n");
	return 77;
}
#endif
