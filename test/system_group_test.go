package test

import (
	"html"
	"regexp"
	"strings"
	"testing"
)

// TestSystemGroup: who is about to share a zone with a group by which services have their rights is told so first, and can do
// it all the same; with a company or with all managers nobody is asked twice.
func TestSystemGroup(t *testing.T) {
	zone := newZone(t)
	at := management + "/" + zone
	members := func() string { return showMembers(showZone(t, zone)) }
	post := func(fields string) answer {
		return curlAs(t, "anna", "-H", "Accept-Language: en", "-d", fields, at)
	}
	const asked = "op=share&principal=group:www-data&access=read"
	page := post(asked)
	if page.status != 200 || !strings.Contains(page.body, "Share with a group of the system?") || members() != "" {
		t.Fatalf("not asked: %d %q %s", page.status, members(), page.body)
	}
	// What the page sends when it is answered.
	var answer []string
	form := page.body[strings.Index(page.body, `class="card card-body form-wide"`):]
	for _, found := range regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		answer = append(answer, found[1]+"="+html.UnescapeString(found[2]))
	}
	if a := post(strings.Join(answer, "&")); a.status != 303 || members() != "group:www-data=read" {
		t.Errorf("%q: %d %q", answer, a.status, members())
	}
	if a := curlAs(t, "anna", "-H", "Accept-Language: en", at); !strings.Contains(a.body, "group of the system: who is in it and uses Share Zone gets in") {
		t.Errorf("the list does not say what it is: %s", a.body)
	}
	if a := post("op=share&principal=group:www-data&access=none"); a.status != 303 || members() != "" {
		t.Errorf("taking it away is asked about: %d %q", a.status, members())
	}
	if a := post("op=share&principal=group:shzmgr&access=read"); a.status != 303 {
		t.Errorf("shzmgr: %d", a.status)
	}
	// Everybody, and a group that is one person's, are said to be that.
	for group, question := range map[string]string{"shzbase": "Share with everybody?", "bruno": "Share with the own group of a user?"} {
		fields := "op=share&principal=group:" + group + "&access=read"
		if a := post(fields); a.status != 200 || !strings.Contains(a.body, question) || strings.Contains(members(), group) {
			t.Errorf("%s: %d %q %s", group, a.status, members(), a.body)
		}
		if a := post(fields + "&sure=1"); a.status != 303 || !strings.Contains(members(), "group:"+group+"=read") {
			t.Errorf("%s: %d %q", group, a.status, members())
		}
	}
	page = curlAs(t, "anna", "-H", "Accept-Language: en", at)
	for _, said := range []string{"group: everybody who uses Share Zone", "group: all managers", "the own group of a user"} {
		if !strings.Contains(page.body, said) {
			t.Errorf("%s: not said in %s", said, page.body)
		}
	}
	const warned = `"warnings":[{"code":"system","message":"www-data `
	if a := jsonAs(t, "anna", "-d", asked, at); a.status != 200 || !strings.Contains(members(), "group:www-data=read") || !strings.Contains(a.body, warned) {
		t.Errorf("a script: %d %q %s", a.status, members(), a.body)
	}
	for _, fields := range []string{asked + "&sure=1", "op=share&principal=group:www-data&access=none", "op=share&principal=user:bruno&access=read"} {
		if a := jsonAs(t, "anna", "-d", fields, at); a.status != 200 || strings.Contains(a.body, "warnings") {
			t.Errorf("%s: %d %s", fields, a.status, a.body)
		}
	}
	for principal, warned := range map[string]bool{"group:adm=read": true, "group:adm=none": false, "group:shzmgr=read": false, "user:bruno=read": false} {
		if out, status := shzadm(t, "zone", "share", zone, principal); status != 0 || strings.Contains(out, "warning: adm is a group of the system") != warned {
			t.Errorf("%s: %d %s", principal, status, out)
		}
	}
	if a := post("op=share&principal=group:no-such-group&access=read"); a.status != 400 {
		t.Errorf("no such group: %d", a.status)
	}
}

func showMembers(z shownZone) string {
	var all []string
	for _, m := range z.Members {
		all = append(all, m.Principal+"="+m.Access)
	}
	return strings.Join(all, " ")
}
