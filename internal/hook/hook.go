// Package hook runs the site's own programs. Those that judge are asked about a file that was brought, before it has a name: a
// virus scanner, for example. Others are told of what was done. They lie in folders of root's, and run as the user whose upload it
// is, or as the worker.
//
// MUST rules of this folder:
//   - a program is run only if nobody but root can change it or put another in its place; one that judges and is not so ends
//     the upload, because passing it over would be taken for its consent;
//   - no shell, and nothing of the user's in arguments and environment but where it is looked for.
package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Errors of judging; everything else is a mistake of the installation.
var (
	// ErrRefused: a program ended with a status other than 0 and Undecided.
	ErrRefused = errors.New("refused by a program of the site")
	// ErrSlow: a program did not end in time.
	ErrSlow = errors.New("a program of the site takes too long")
	// ErrUndecided: a program ended with status Undecided.
	ErrUndecided = errors.New("a program of the site cannot judge now")
)

// Undecided is the exit status of a program that cannot judge at the moment: EX_TEMPFAIL of sysexits(3).
const Undecided = 75

// names are those of run-parts(8): no backups of editors, no leftovers of dpkg.
var names = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]+$`) })

// maxComplaint is how much of what a program complains of goes to the log, in bytes.
const maxComplaint = 1000

// Facts are what programs are told of the file, in variables.
type Facts struct {
	User    string // SHZ_USER
	Zone    string // SHZ_ZONE
	Path    string // SHZ_PATH, below the zone: bytes, as the user chose them
	Entry   string // SHZ_ENTRY
	Request string // SHZ_REQUEST
}

// Programs are those of a folder, in the order of their names. Where the folder is not there, there are none.
func Programs(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil && len(entries) > 0 {
		err = checkOwner(folder, unix.S_IFDIR)
	}
	if err != nil {
		return nil, err
	}
	var programs []string
	for _, e := range entries {
		if names().MatchString(e.Name()) {
			programs = append(programs, folder+"/"+e.Name())
		}
	}
	return programs, nil
}

// Judge asks all programs of a folder, each with the file on its standard input. Where there are none, nobody objects. file
// must be open for reading; it is left at its end.
func Judge(folder string, file *os.File, facts Facts, limit time.Duration) error {
	programs, err := Programs(folder)
	if err != nil || len(programs) == 0 {
		return err
	}
	for _, program := range programs {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := run(program, nil, file, facts, Limits{Time: limit}); err != nil {
			return err
		}
	}
	_, err = file.Seek(0, io.SeekEnd)
	return err
}

// Limits are what one run of a program may take.
type Limits struct {
	Time   time.Duration
	Memory int64 // bytes of each process of its; 0 = what whoever starts it may have: those that judge are in a handler's limits
}

// What a program that is told may have besides, and so each process that it starts. Threads of the worker count too.
const (
	maxFiles     = 256
	maxProcesses = 256
)

// Tell runs one program with arguments, and input on its standard input, which it need not read.
func Tell(program string, args []string, input []byte, facts Facts, limits Limits) error {
	return run(program, args, bytes.NewReader(input), facts, limits)
}

// Check says why a program would not be run: others than root could have written it.
func Check(program string) error { return checkOwner(program, unix.S_IFREG) }

// checkOwner refuses what others than root could have written. A link is refused: what it leads to is looked at nowhere.
func checkOwner(path string, kind uint32) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return &os.PathError{Op: "lstat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != kind || st.Uid != 0 || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s is not root's alone to write, or a link", path)
	}
	return nil
}

func run(program string, args []string, stdin io.Reader, facts Facts, limits Limits) error {
	if err := Check(program); err != nil {
		return err
	}
	if err := start(program, args, stdin, facts, limits); err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

func start(program string, args []string, stdin io.Reader, facts Facts, limits Limits) error {
	for _, ignored := range []os.Signal{syscall.SIGTERM, syscall.SIGPIPE, syscall.SIGHUP} {
		if signal.Ignored(ignored) { // the program would inherit that; what is caught it does not
			signal.Notify(make(chan os.Signal, 1), ignored)
		}
	}
	runtime.LockOSThread() // Pdeathsig is sent when the thread ends
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithTimeout(context.Background(), limits.Time)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{
		"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "SHZ_USER=" + facts.User, "SHZ_ZONE=" + facts.Zone, "SHZ_PATH=" + facts.Path,
		"SHZ_ENTRY=" + facts.Entry, "SHZ_REQUEST=" + facts.Request,
	}
	cmd.Dir = "/"
	cmd.Stdin = stdin
	complaint := &head{}
	cmd.Stderr = complaint
	// Out of time, it ends with all that it started, and it does not outlive who keeps the time. What it leaves running when it
	// has ended by itself, or what has left its group, is not waited for, also if that keeps stderr open.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Start()
	if err == nil && limits.Memory > 0 {
		if err := bound(cmd.Process.Pid, limits); err != nil {
			cmd.Cancel()
			cmd.Wait()
			return err
		}
	}
	if err == nil {
		err = cmd.Wait()
	}
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrWaitDelay): // it had no objection
		return nil
	case ctx.Err() != nil:
		return ErrSlow
	case errors.As(err, &exit):
		verdict := ErrRefused
		if exit.ExitCode() == Undecided {
			verdict = ErrUndecided
		}
		return fmt.Errorf("%w: %w: %q", verdict, exit, strings.TrimSpace(string(complaint.bytes)))
	}
	return err
}

// bound limits a program that has just begun. What it may have started before is one of root's programs too: limits are against
// mistakes, and not against whoever writes there.
func bound(pid int, l Limits) error {
	seconds := uint64((l.Time + time.Second - 1) / time.Second)
	for resource, most := range map[int]uint64{
		unix.RLIMIT_DATA: uint64(l.Memory), unix.RLIMIT_CPU: seconds, unix.RLIMIT_NOFILE: maxFiles, unix.RLIMIT_NPROC: maxProcesses, unix.RLIMIT_CORE: 0,
	} {
		var now unix.Rlimit
		err := unix.Prlimit(pid, resource, nil, &now)
		most = min(most, now.Max)
		if err == nil {
			err = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		}
		if err != nil {
			return fmt.Errorf("prlimit: %w", err)
		}
	}
	return nil
}

// head keeps the beginning of what is written to it.
type head struct{ bytes []byte }

func (h *head) Write(p []byte) (int, error) {
	h.bytes = append(h.bytes, p[:min(len(p), maxComplaint-len(h.bytes))]...)
	return len(p), nil
}
