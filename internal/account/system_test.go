package account

import "testing"

func TestIsSystem(t *testing.T) {
	for _, row := range []struct {
		group Group
		want  bool
	}{
		{Group{Name: "root", GID: 0}, true}, {Group{Name: "www-data", GID: 33}, true}, {Group{Name: "users", GID: 100}, true},
		{Group{Name: "systemd-journal", GID: 999}, true}, {Group{Name: "nogroup", GID: 65534}, true}, {Group{Name: "shzspool", GID: 996}, true},
		{Group{Name: "shzonly", GID: 995}, true}, {Group{Name: "shzmgr", GID: 998}, false}, {Group{Name: "shzbase", GID: 997}, false},
		{Group{Name: "shzadmin", GID: 994}, false}, {Group{Name: "shz-acme", GID: 990}, false}, {Group{Name: "office", GID: 1000}, false},
		{Group{Name: "directory", GID: 1200400513}, false},
	} {
		if got := row.group.IsSystem(); got != row.want {
			t.Errorf("%s (%d): %t", row.group.Name, row.group.GID, got)
		}
	}
}
