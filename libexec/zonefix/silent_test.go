package main

import (
	"strings"
	"testing"

	"sharezone/internal/privileged/privilegedtest"
)

func TestSilentCallers(t *testing.T) {
	needCopy(t)
	newZone(t, "zf-silent")
	owner := sh(t, "id -u zf-anna")
	privilegedtest.SilentCallers(t, slotsPerCaller, []string{asZonefix + "=yes", "SUDO_UID=" + owner}, func(silent bool) (int, bool) {
		caller := map[bool]string{true: owner, false: ""}[silent]
		a := askIn(t, caller, `{"op":"show","zone":"zf-silent"}`, `exec "$@"`)
		return a.status, a.Error == "busy" && strings.Count(a.log, "\n") == 1
	})
}
