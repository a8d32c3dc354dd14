package helper

import (
	"errors"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// asManager is set for the process that calls the helper as anna, in a mount namespace with a helper of its own.
const asManager = "SHZ_TEST_ZONEFIX"

// TestZonefix puts scripts in the place of the helper and calls them through the real sudo and the installed sudoers file.
func TestZonefix(t *testing.T) {
	if os.Getenv(asManager) != "" {
		callZonefix(t)
		return
	}
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("needs the installed sudoers file and users: run by test.sh in its copy of the machine")
	}
	if exec.Command("id", "anna").Run() != nil {
		t.Skip("needs anna, whom install.sh --demo makes")
	}
	const script = `set -e; d=$(mktemp -d); chmod 755 $d; cp "$1" $d/program; mount --bind $d/program "$1"
		printf '#!/bin/sh\n. ` + scripts + `/now\n' >$d/zonefix; chmod 700 $d/zonefix; mount --bind $d/zonefix ` + layout.ZonefixHelper + `
		mkdir -p ` + scripts + `; chown anna ` + scripts + `; trap "rm -rf $d ` + scripts + `" EXIT
		setpriv --reuid=anna --regid=anna --init-groups env ` + asManager + `=yes $d/program -test.run '^TestZonefix$' -test.v`
	out, err := exec.Command("unshare", "-m", "sh", "-c", script, "sh", os.Args[0]).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func callZonefix(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, row := range []struct {
		name, script string
		progress     []int
		want         string // what is wrong, "" = nothing
	}{
		{"answer", `echo '{"zone":{"name":"demo","owner":"anna"},"zone_id":"f00"}'`, nil, ""},
		{"progress", `echo '{"progress":1}'; sleep 0.1; echo '{"progress":20000}'; echo '{"zone":{"name":"demo"},"zone_id":"f00"}'`, []int{1, 20000}, ""},
		{"long line", `echo '{"zone":{"name":"demo","description":"` + long + `"},"zone_id":"f00"}'`, nil, ""},
		{"no newline", `printf '{"zone":{"name":"demo"},"zone_id":"f00"}'`, nil, ""},
		{"refusal", `echo '{"progress":3}'; echo '{"error":"not-permitted"}'; exit 1`, []int{3}, "zone helper: not-permitted"},
		{"refusal with a reason", `echo '{"error":"bad-request","reason":"too-late","latest":"2027-01-01"}'; exit 1`, nil, "zone helper: bad-request too-late"},
		{"refusal and success", `echo '{"error":"busy"}'`, nil, "zone helper: busy"},
		{"answer and failure", `echo '{"zone":{"name":"demo"}}'; exit 4`, nil, "exit status 4"},
		{"nothing", `:`, nil, errNothingReadable.Error()},
		{"nothing and failure", `exit 2`, nil, "exit status 2"},
		{"only progress", `echo '{"progress":5}'`, []int{5}, errNothingReadable.Error()},
		{"killed in a walk", `echo '{"progress":5}'; kill -9 $$`, []int{5}, errNothingReadable.Error()},
		{"no JSON", `echo 'panic: runtime error'; exit 2`, nil, errNothingReadable.Error()},
		{"answer, then noise", `echo '{"zone":{"name":"demo"}}'; echo noise`, nil, errNothingReadable.Error()},
		{"cut off", `printf '{"zone":{"name":"de'`, nil, errNothingReadable.Error()},
		{"hangs", `sleep 3`, nil, ErrNoAnswer.Error()},
		{"hangs after progress", `echo '{"progress":5}'; sleep 3`, []int{5}, ErrNoAnswer.Error()},
		{"slow but alive", `for i in 1 2 3 4; do echo "{\"progress\":$i}"; sleep 0.5; done; echo '{"zone":{"name":"demo"},"zone_id":"f00"}'`, []int{1, 2, 3, 4}, ""},
		{"no arguments, nothing of our environment", `[ $# = 0 ] && [ -z "$SECRET" ] && [ "$SUDO_USER" = anna ] && echo '{"zone":{"name":"demo"},"zone_id":"f00"}'`, nil, ""},
		{"the question", `[ "$(cat)" = '{"op":"modify","zone":"demo","title":"","forget_notify":true,"paths":["a%2Fb"]}' ] && echo '{"zone":{"name":"demo"},"zone_id":"f00"}'`, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("SECRET", "secret")
			write(t, row.script)
			var progress []int
			title := ""
			reply, err := zonefix(ZonefixRequest{Op: "modify", Zone: "demo", Title: &title, ForgetNotify: true, Paths: []string{"a%2Fb"}},
				func(done int) { progress = append(progress, done) }, time.Second)
			if row.want == "" && (err != nil || reply.Zone == nil || reply.Zone.Name != "demo" || reply.Zone.ID != "f00") {
				t.Errorf("%v %+v", err, reply)
			}
			if row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("%v, not %s", err, row.want)
			}
			if !slices.Equal(progress, row.progress) {
				t.Errorf("progress %v, not %v", progress, row.progress)
			}
		})
	}
	t.Run("every field", func(t *testing.T) {
		write(t, `echo '{"error":"bad-request","reason":"value","attr":"user.shz.title","why":"too-long","standing":[{"principal":"user:bruno","access":"read"}]}'; exit 1`)
		var refused *ZoneRefusal
		_, err := Zonefix(ZonefixRequest{}, nil)
		if !errors.As(err, &refused) || !reflect.DeepEqual(*refused, ZoneRefusal{Code: "bad-request", Reason: "value", Attr: zone.AttrTitle, Why: string(zone.TooLong),
			Standing: []zone.Member{{Principal: "user:bruno", Access: zone.Read}}}) {
			t.Errorf("%+v", err)
		}
	})
}

// TestTooMuch: what the helpers would not read is refused before it is sent.
func TestTooMuch(t *testing.T) {
	var refused *ZoneRefusal
	paths := strings.Split(strings.Repeat(strings.Repeat("x", 100)+"/", 700), "/")
	if _, err := Zonefix(ZonefixRequest{Op: "remove", Paths: paths}, nil); !errors.As(err, &refused) || refused.Code != "too-large" {
		t.Errorf("%v", err)
	}
	if _, err := Access(AccessRequest{Op: "who", Path: strings.Repeat("x/", 40_000)}); !errors.As(err, &refused) || refused.Code != "too-large" {
		t.Errorf("%v", err)
	}
}
