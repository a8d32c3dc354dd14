// Package syslog writes one line where an administrator looks for it: to the local syslog daemon or journal, or, where
// there is none, to standard error, which is Apache's error log for everything that Apache started. log/syslog of the
// standard library keeps a connection, and reconnects; a program that lives for milliseconds needs neither.
//
// The gate imports it: standard library and x/sys only.
package syslog

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Priority is facility times eight plus severity (RFC 5424, 6.2.1).
type Priority int

const (
	DaemonError    Priority = 3<<3 | 3
	DaemonInfo     Priority = 3<<3 | 6
	AuthWarning    Priority = 4<<3 | 4
	AuthprivNotice Priority = 10<<3 | 5 // where login(1) and sudo(8) write
)

// Write writes the line, which must have no line break and no control character: quote what comes from elsewhere.
// It never waits and never fails: there is nobody to tell.
func Write(p Priority, line string) {
	if Send(Socket, p, line) != nil {
		os.Stderr.WriteString(line + "\n")
	}
}

// Socket is where the system log listens.
const Socket = "/dev/log"

// Send is Write for who has another place for what a socket does not take.
func Send(socket string, p Priority, line string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	message := "<" + strconv.Itoa(int(p)) + ">" + time.Now().Format(time.Stamp) + " " + line
	return unix.Sendto(fd, []byte(message), 0, &unix.SockaddrUnix{Name: socket})
}
