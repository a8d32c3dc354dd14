package btrfs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// program is of Debian's package btrfs-progs.
const program = "/usr/bin/btrfs"

// programTime is how long it may take; it waits for the file system to bring a transaction to disk.
const programTime = 2 * time.Minute

// HasProgram says whether Create and SetLimit can work.
func HasProgram() error {
	_, err := os.Stat(program)
	return err
}

// Create makes an empty subvolume in the folder behind dir. Needs root.
func Create(dir int, name string) error {
	return run(dir, name, "subvolume", "create", "--")
}

// SetLimit limits what a subvolume may hold; nil ends that. It goes by way of the folder behind dir, which lies in
// another one: a change through a subvolume that is full is refused for being in it. Needs root.
func SetLimit(dir int, s Subvolume, bytes *int64) error {
	size := "none"
	if bytes != nil {
		size = strconv.FormatInt(*bytes, 10)
	}
	return run(dir, "", "qgroup", "limit", "--", size, "0/"+strconv.FormatUint(s.ID, 10))
}

// run executes the program, whose last argument is what a descriptor leads to, or a name in it: never a path that
// somebody could exchange.
func run(fd int, name string, args ...string) error {
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("dup: %w", err)
	}
	passed := os.NewFile(uintptr(copied), "passed")
	defer passed.Close()
	ctx, cancel := context.WithTimeout(context.Background(), programTime)
	defer cancel()
	place := "/proc/self/fd/3" // the first of ExtraFiles
	if name != "" {
		place += "/" + name
	}
	cmd := exec.CommandContext(ctx, program, append(args, place)...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{passed}
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		message := strings.TrimSpace(said.String())
		return fmt.Errorf("%s %s %s: %w: %s", program, args[0], args[1], err, message[:min(len(message), 300)])
	}
	return nil
}
