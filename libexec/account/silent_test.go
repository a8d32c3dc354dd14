package main

import (
	"strings"
	"testing"

	"sharezone/internal/privileged/privilegedtest"
)

func TestSilentCallers(t *testing.T) {
	needCopy(t)
	silent, other := uid(t, "ac-admin"), uid(t, "ac-other")
	privilegedtest.SilentCallers(t, slotsPerCaller, []string{asAccount + "=yes", "SUDO_UID=" + silent}, func(own bool) (int, bool) {
		caller := map[bool]string{true: silent, false: other}[own]
		a := askIn(t, caller, `{"op":"search"}`, "")
		return a.status, a.Error == "busy" && strings.Count(a.log, "\n") == 1
	})
}
