package main

import (
	"strings"
	"testing"

	"sharezone/internal/privileged/privilegedtest"
)

func TestSilentCallers(t *testing.T) {
	needCopy(t)
	owner := newUser(t, "ac-silent", "shzbase,shzmgr")
	newZone(t, "ac-silent", "ac-silent")
	privilegedtest.SilentCallers(t, slotsPerCaller, []string{asRole + "=helper", "SUDO_UID=" + owner}, func(silent bool) (int, bool) {
		caller := map[bool]string{true: owner, false: ""}[silent]
		a := askIn(t, caller, `{"op":"who","zone":"ac-silent"}`, `exec "$@"`)
		return a.status, a.Error == "busy" && strings.Count(a.log, "\n") == 1
	})
}
