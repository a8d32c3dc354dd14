package change

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// The tools. They know locks, PAM, audit and name service caches, which no library of ours could know better.
const (
	useradd  = "/usr/sbin/useradd"
	usermod  = "/usr/sbin/usermod"
	userdel  = "/usr/sbin/userdel"
	groupadd = "/usr/sbin/groupadd"
	groupdel = "/usr/sbin/groupdel"
	gpasswd  = "/usr/bin/gpasswd"
	chpasswd = "/usr/sbin/chpasswd"
	chage    = "/usr/bin/chage"
	faillock = "/usr/sbin/faillock"
)

const (
	// toolTime is how long one tool may take: they wait up to 15 s for /etc/.pwd.lock by themselves.
	toolTime = 60 * time.Second
	// lockTries and lockPause: a tool that finds /etc/passwd.lock gives up at once (exit 1), while whoever holds it
	// usually needs milliseconds.
	lockTries = 25
	lockPause = 200 * time.Millisecond
)

// ErrBusy says that somebody else kept the files of accounts locked all the time.
var ErrBusy = errors.New("the account files are locked by another program")

// ToolError is what a tool said when it failed.
type ToolError struct {
	Tool    string // "/usr/sbin/useradd"
	Code    int    // -1: could not be started or was stopped
	Message string // its own words, in English, at most a few lines
}

func (e *ToolError) Error() string { return fmt.Sprintf("%s: exit %d: %s", e.Tool, e.Code, e.Message) }

// limits are what the tools need: with less, useradd dies of SIGXFSZ, SIGXCPU or a failed allocation half-way.
var limits = []struct {
	resource int
	needed   uint64
}{
	{syscall.RLIMIT_FSIZE, 64 << 20}, // bytes: /etc/shadow of 500,000 people
	{syscall.RLIMIT_CPU, 60},         // seconds
	{syscall.RLIMIT_AS, 1 << 30},     // bytes
	{syscall.RLIMIT_DATA, 1 << 30},   // bytes
	{syscall.RLIMIT_NOFILE, 256},
}

// ErrLimits says that this process was started with limits under which the tools could die half-way.
var ErrLimits = errors.New("the resource limits (ulimit) are too low")

// Prepare makes this process fit to change accounts. Limits and signals are inherited: a useradd that dies of somebody's
// "ulimit -f", or of a Ctrl-C, leaves /etc/passwd.lock behind and nobody on the machine can change accounts.
func Prepare() error {
	for _, l := range limits {
		if err := raise(l.resource, l.needed); err != nil {
			return err
		}
	}
	syscall.Umask(0o022)
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGPIPE, syscall.SIGTSTP)
	return os.Chdir("/")
}

// raise lifts a limit to the hard one, and the hard one itself where it is too low and root may: in a container it may
// not.
func raise(resource int, needed uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(resource, &limit); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	if limit.Max < needed {
		limit.Max = needed
	}
	limit.Cur = limit.Max
	if resource == syscall.RLIMIT_NOFILE {
		limit.Cur = needed // the tools close all that they could have, one by one
	}
	if err := syscall.Setrlimit(resource, &limit); err == syscall.EPERM {
		return ErrLimits
	} else if err != nil {
		return fmt.Errorf("setrlimit: %w", err)
	}
	return nil
}

// run executes a tool with fixed arguments; what is secret goes to its standard input. lockCode is the exit code with
// which this tool says that the files are locked.
func run(stdin string, lockCode int, tool string, args ...string) error {
	_, err := runSaying(stdin, lockCode, tool, args...)
	return err
}

// runSaying is run, and returns what the tool said when all went well.
func runSaying(stdin string, lockCode int, tool string, args ...string) (said string, err error) {
	for try := 1; ; try++ {
		said, err := runOnce(stdin, tool, args)
		var failed *ToolError
		if !errors.As(err, &failed) || failed.Code != lockCode || !strings.Contains(failed.Message, "lock") {
			return said, err
		}
		if try == lockTries {
			return "", fmt.Errorf("%w (%s)", ErrBusy, failed.Message)
		}
		time.Sleep(lockPause)
	}
}

func runOnce(stdin, tool string, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), toolTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/"}
	cmd.Dir = "/"
	cmd.Stdin = strings.NewReader(stdin)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if err == nil {
		return said.String(), nil
	}
	code := -1
	if cmd.ProcessState != nil {
		code = cmd.ProcessState.ExitCode()
	}
	message := strings.TrimSpace(said.String())
	if message == "" {
		message = err.Error()
	}
	return "", &ToolError{tool, code, message[:min(len(message), 500)]}
}
