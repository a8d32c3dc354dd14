package session

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
)

// needCopy skips what must run as root in a throw-away copy of the machine with Share Zone installed: test.sh makes it.
func needCopy(t *testing.T) {
	t.Helper()
	if os.Getenv("SHZ_COPY") == "" || os.Geteuid() != 0 {
		t.Skip("changes the session store and the accounts: run by test.sh in its copy of the machine")
	}
}

// TestOpen: only a plain file that is root's alone is a session, whatever else has such a name.
func TestOpen(t *testing.T) {
	needCopy(t)
	name := strings.Repeat("0f", 32)
	path := layout.Sessions + "/" + name
	other := path + ".other"
	make := func(mode os.FileMode) error {
		if err := os.WriteFile(path, []byte(sampleText), 0o600); err != nil {
			return err
		}
		return os.Chmod(path, mode)
	}
	for _, row := range []struct {
		name    string
		prepare func() error
		want    error
	}{
		{"good", func() error { return make(0o600) }, nil},
		{"read only", func() error { return make(0o400) }, nil},
		{"absent", func() error { return nil }, os.ErrNotExist},
		{"readable by a group", func() error { return make(0o640) }, ErrDamaged},
		{"writable by others", func() error { return make(0o602) }, ErrDamaged},
		{"another's", func() error { return errors.Join(make(0o600), os.Chown(path, 1000, 0)) }, ErrDamaged},
		{"two names", func() error { return errors.Join(make(0o600), os.Link(path, other)) }, ErrDamaged},
		{"directory", func() error { return os.Mkdir(path, 0o700) }, ErrDamaged},
		{"FIFO", func() error { return unix.Mkfifo(path, 0o600) }, ErrDamaged},
		{"device", func() error { return unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3))) }, ErrDamaged},
		{"link", func() error { return errors.Join(make(0o600), os.Rename(path, other), os.Symlink(other, path)) }, unix.ELOOP},
		{"dangling link", func() error { return os.Symlink("/nowhere", path) }, unix.ELOOP},
	} {
		t.Run(row.name, func(t *testing.T) {
			defer os.Remove(path)
			defer os.Remove(other)
			if err := row.prepare(); err != nil {
				t.Fatal(err)
			}
			f, err := Open(name, os.O_RDONLY)
			if !errors.Is(err, row.want) {
				t.Fatalf("%v, not %v", err, row.want)
			}
			if err != nil {
				return
			}
			defer f.Close()
			if r, _, err := Read(f); err != nil || r.User != "anna@example.org" {
				t.Errorf("%v %+v", err, r)
			}
		})
	}
	for _, name := range []string{"", ".", "..", "../sessions", "/etc/shadow", "../../../../etc/shadow", name[1:], strings.ToUpper(name)} {
		if f, err := Open(name, os.O_RDONLY); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%q: %v %v", name, f, err)
		}
	}
}

// TestStamp: each way in which an administrator changes an account shows, and nothing else does.
func TestStamp(t *testing.T) {
	needCopy(t)
	before := Stamp()
	for _, command := range []string{
		"useradd -M shz-stamp", "usermod -L shz-stamp", "usermod -U shz-stamp 2>/dev/null; chage -d 0 shz-stamp", "chage -E 0 shz-stamp",
		"gpasswd -a shz-stamp shzbase", "gpasswd -d shz-stamp shzbase", "echo shz-stamp:Xq7-prova-8 | chpasswd", "usermod -c Name shz-stamp",
		"groupadd shz-stamps", "groupdel shz-stamps", "userdel shz-stamp", "cat /etc/shadow >/etc/s && mv /etc/s /etc/shadow && chmod 640 /etc/shadow",
		"mv /etc/machine-id /etc/m && echo 0123 >/etc/machine-id", "rm /etc/machine-id", "mv /etc/m /etc/machine-id",
	} {
		out, err := exec.Command("sh", "-c", command).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v %s", command, err, out)
		}
		if after := Stamp(); after == before {
			t.Errorf("%s does not show", command)
		} else {
			before = after
		}
	}
	if _, err := os.ReadFile("/etc/shadow"); err != nil || Stamp() != before || !isHex(before, 64) {
		t.Error("reading the files changes the stamp, or it has no form of its own")
	}
}
