package zone

import (
	"strings"
	"testing"
)

func TestNameLike(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct{ name, taken, want string }{
		{"UPPER", "", "upper"},
		{"Offerte 2027", "", "offerte-2027"},
		{"Offerte 2027", "offerte-2027 offerte-2027.2", "offerte-2027.3"},
		{"Società è & C.", "", "societ-c"},
		{".hidden", "", "hidden"},
		{"-rf", "", "rf"},
		{"$(id);`id`", "", "id-id"},
		{"caf\xe9\n\x1b[2J", "", "caf-2j"},
		{"日本", "", "zone"},
		{"日本", "zone", "zone.2"},
		{long, "", long[:63]},
		{long, long[:63], long[:61] + ".2"},
	} {
		got := NameLike(c.name, func(name string) bool { return strings.Contains(" "+c.taken+" ", " "+name+" ") })
		if got != c.want || CheckName(got) != nil {
			t.Errorf("%q: %q, not %q", c.name, got, c.want)
		}
	}
}
