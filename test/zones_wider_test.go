package test

import (
	"strings"
	"testing"

	"sharezone/internal/page/pagetest"
)

// TestWiderIsTold: an entry by hand deep in a zone that gives a member less than its list goes when the zone is shared or put right, and page, JSON
// and command say where; what nobody wrote by hand they do not.
func TestWiderIsTold(t *testing.T) {
	zone := newZone(t, "user:carla=write")
	at := management + "/" + zone
	run(t, "install", "-d", "-o", "anna", "-g", "anna", "-m", "1770", zonePath(zone, "a b"))
	run(t, "shzadm", "zone", "apply", zone)
	for _, op := range []string{"op=apply", "op=share&principal=user:carla&access=write"} {
		for _, language := range [][3]string{{"en", "made by hand", "list of the zone"}, {"it", "scritte a mano", "elenco dell"}} {
			narrow := func() { run(t, "setfacl", "-n", "-m", "u:carla:r-x", zonePath(zone, "a b")) }
			narrow()
			a := jsonAs(t, "anna", "-H", "Accept-Language: "+language[0], "-d", op, at)
			if a.status != 200 || !strings.Contains(a.body, `"wider":[{"path":"a b","principal":"user:carla","entry":"r-x"}]`) || !strings.Contains(a.body, `{"code":"wider","message":"`) ||
				!strings.Contains(a.body, language[1]) || !strings.Contains(a.body, "a b: ") {
				t.Errorf("%s: %d %s", op, a.status, a.body)
			}
			narrow()
			fields := strings.Split(op, "&")
			a = followed(t, "anna", english(t, "anna", at, fields...))
			shows(t, a, 200, "made by hand", ">a b</bdi>", "?path=a%20b&view=who", "(r-x)", "not:something was left as it was")
		}
		if a := jsonAs(t, "anna", "-d", op, at); a.status != 200 || strings.Contains(a.body, `"wider"`) {
			t.Errorf("%s, nothing by hand: %d %s", op, a.status, a.body)
		}
		if a := followed(t, "anna", english(t, "anna", at, strings.Split(op, "&")...)); strings.Contains(a.body, "made by hand") {
			t.Errorf("%s, nothing by hand: %s", op, a.body)
		}
	}
	for _, args := range [][]string{{"apply", zone}, {"share", zone, "user:carla=write"}} {
		run(t, "setfacl", "-n", "-m", "u:carla:---", zonePath(zone, "a b"))
		if out, status := shzadm(t, append([]string{"zone"}, args...)...); status != 0 || !strings.Contains(out, "in a b an entry made by hand gave user:carla less (---)") {
			t.Errorf("%q: %d %s", args, status, out)
		}
	}
	// What in the address of that page is no entry of a list is left out, and names are shown as names.
	a := curlAs(t, "anna", "-H", "Referer: "+needDemo(t).url+management, "-H", "Accept-Language: en", management+"?view=left&wider=r-x:user:carla/%3Cb%3E&wider=evil:user:carla/zq2&wider=r-x:nobody/zq3")
	pagetest.Check(t, a.body)
	_, told, _ := strings.Cut(a.body, "<main") // links before it have the address
	if a.status != 200 || !strings.Contains(told, "&lt;b&gt;") || strings.Contains(told, "zq2") || strings.Contains(told, "zq3") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
