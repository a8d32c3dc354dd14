package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	getentProgram = "/usr/bin/getent"
	// getentKeys is how many names go into one process: far below the limit of an argument list, and few enough
	// processes for a folder whose owners are all in LDAP.
	getentKeys = 500
	// getentTime is what a directory server that hangs may cost a page.
	getentTime = 10 * time.Second
	// getentBytes bounds the answer: a group of 100,000 members is about 2 MB.
	getentBytes = 16 << 20
)

// getent asks NSS for the lines of the given keys. NSS knows LDAP and SSSD, which a static program cannot load; a
// process costs about 4 ms, so keys are asked together. A key that NSS does not know is simply not in the answer.
func getent(database string, keys []string) ([]byte, error) {
	var answer []byte
	for len(keys) > 0 {
		n := min(len(keys), getentKeys)
		part, err := getentOnce(database, keys[:n])
		if err != nil {
			return answer, err
		}
		answer = append(answer, part...)
		keys = keys[n:]
	}
	return answer, nil
}

func getentOnce(database string, keys []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), getentTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, getentProgram, append([]string{database, "--"}, keys...)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("getent: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("getent: %w", err)
	}
	answer, readErr := io.ReadAll(io.LimitReader(out, getentBytes+1))
	if len(answer) > getentBytes {
		cancel()
		readErr = errors.New("the answer is too long")
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 2 { // 2: one or more keys were not found, getent(1)
		err = nil
	}
	if err := errors.Join(readErr, err); err != nil {
		return nil, fmt.Errorf("getent %s: %w", database, err)
	}
	if i := bytes.LastIndexByte(answer, '\n'); i+1 != len(answer) {
		answer = answer[:i+1]
	}
	return answer, nil
}

// canAskName says whether name can be a key of getent. Digits alone would be taken as a number, and would find
// somebody else than the one who has such a name.
func canAskName(name string) bool {
	if name == "" || len(name) > 256 || name[0] == '-' || strings.ContainsAny(name, ":,/\x00\n") {
		return false
	}
	_, err := strconv.ParseUint(name, 10, 64)
	return err != nil
}
