// Virus-scan is a program for /etc/sharezone/pre_upload.d (sharezone-hooks(5)): it has ClamAV's daemon look at the file on standard
// input. It runs as the user whose upload it is and hands the open file on, so the daemon needs no right in any zone.
//
// SECURITY: no answer is not taken for a good one, unless the administrator decided so in sharezone.toml; then each file that
// nobody looked at stands in the syslog.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"sharezone/internal/config"
	"sharezone/internal/hook"
	"sharezone/internal/syslog"
)

// Of Debian's package clamdscan. It finds the daemon by /etc/clamav/clamd.conf.
const scanner = "/usr/bin/clamdscan"

// infected is clamdscan's exit status where something was found; 2 and all others mean that nobody looked.
const infected = 1

func main() {
	said, err := scan(os.Stdin)
	var exit *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &exit) && exit.ExitCode() == infected:
		fmt.Fprintln(os.Stderr, said)
		os.Exit(1)
	}
	problem := fmt.Sprintf("not scanned: %v: %s", err, said)
	s, err := config.Read()
	if err != nil || s.Upload.Unscanned != "accept" {
		fmt.Fprintln(os.Stderr, problem)
		os.Exit(hook.Undecided)
	}
	syslog.Write(syslog.DaemonError, "sharezone virus-scan: "+strconv.QuoteToASCII(problem)+" user="+os.Getenv("SHZ_USER")+
		" zone="+strconv.QuoteToASCII(os.Getenv("SHZ_ZONE"))+" path="+strconv.QuoteToASCII(os.Getenv("SHZ_PATH"))+" request="+os.Getenv("SHZ_REQUEST"))
}

// scan returns what clamdscan says in one line. It passes the descriptor where its standard input is a regular file.
func scan(file *os.File) (said string, err error) {
	cmd := exec.Command(scanner, "--fdpass", "--no-summary", "-")
	cmd.Stdin = file
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	return strings.Join(strings.Fields(string(out)), " "), err
}
