package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// The people of the machine, few and many, with the groups of companies that some of them are in.
const (
	fewPeople, manyPeople       = 10, 5000
	fewCompanies, manyCompanies = 2, 1000
	inCompany                   = 5 // people in each
	firstPerson, firstCompany   = 20000, 30000
	administrator               = "benchadmin"
	roundsPeople                = 15
	usersURL                    = site + "/cgi-bin/users"
	nothingURL                  = site + "/cgi-bin/none" // which the gate answers by a page that looks at nobody
)

// comparePeople compares the page of people with itself, where the machine has many and few of them, and what the gate takes then.
// The files of accounts are exchanged by rename before each request; the first one afterwards, for which the session is looked at
// again, is not measured.
func comparePeople() error {
	add := exec.Command("shzadm", "user", "add", administrator, "--role", "admin", "--full-name", "Bench", "--email", "bench@localhost", "--password-stdin")
	add.Stdin = strings.NewReader(password + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		return fmt.Errorf("shzadm user add: %w: %s", err, out)
	}
	c, err := loginAt(site, administrator)
	if err != nil {
		return err
	}
	all, err := readAccounts()
	if err != nil {
		return err
	}
	few, many := all.with(fewPeople, fewCompanies), all.with(manyPeople, manyCompanies)
	ask := func(a accounts, target, contains string) func() (float64, error) {
		return func() (float64, error) {
			if err := a.install(); err != nil {
				return 0, err
			}
			if err := c.page(usersURL, "text/html", "bp00001"); err != nil {
				return 0, err
			}
			return c.once(target, "text/html", contains)
		}
	}
	samples, err := alternate(roundsPeople,
		way{"few", ask(few, usersURL, "bp00001")}, way{"many", ask(many, usersURL, "bp00001")},
		way{"few, one found", ask(few, usersURL+"?text=bp00009", "bp00009")}, way{"many, one found", ask(many, usersURL+"?text=bp04999", "bp04999")},
		way{"gate, few", func() (float64, error) { return gateOnly(c, few) }}, way{"gate, many", func() (float64, error) { return gateOnly(c, many) }},
	)
	if err = errors.Join(err, all.install()); err != nil {
		return err
	}
	tableHead()
	row("the page of people, 5,000 and 1,000 groups / 10 people", "ms", samples[1], samples[0], below(3))
	row("a search that finds one, the same", "ms", samples[3], samples[2], below(3))
	row("the gate and a page that looks at nobody, the same", "ms", samples[5], samples[4], none())
	return nil
}

// gateOnly asks for what there is not, so that the time is the gate's and that of starting a handler.
func gateOnly(c *client, a accounts) (float64, error) {
	if err := a.install(); err != nil {
		return 0, err
	}
	if err := c.page(usersURL, "text/html", "bp00001"); err != nil {
		return 0, err
	}
	return c.refused(nothingURL)
}

// accounts are the contents of the files of accounts, by name.
type accounts map[string]string

func readAccounts() (accounts, error) {
	a := make(accounts)
	for _, name := range []string{"/etc/passwd", "/etc/shadow", "/etc/group"} {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		a[name] = string(b)
	}
	return a, nil
}

// with returns them with more people and companies.
func (a accounts) with(people, companies int) accounts {
	var passwd, shadow, group, members strings.Builder
	name := func(i int) string { return fmt.Sprintf("bp%05d", i) }
	for i := range people {
		fmt.Fprintf(&passwd, "%s:x:%d:%[2]d:Person %[3]d,Company %[3]d,,,%[1]s@example.org:/nonexistent:/usr/sbin/nologin\n", name(i), firstPerson+i, i)
		fmt.Fprintf(&shadow, "%s:!:20000:0:99999:7:::\n", name(i))
		fmt.Fprintf(&group, "%s:x:%d:\n", name(i), firstPerson+i)
		members.WriteString("," + name(i))
	}
	for i := range companies {
		fmt.Fprintf(&group, "shz-bench%d:x:%d:", i, firstCompany+i)
		for n := range inCompany {
			if n > 0 {
				group.WriteByte(',')
			}
			group.WriteString(name((i*inCompany + n) % people))
		}
		group.WriteByte('\n')
	}
	var groups strings.Builder
	for line := range strings.Lines(a["/etc/group"]) {
		if strings.HasPrefix(line, "shzbase:") || strings.HasPrefix(line, "shzonly:") {
			line = strings.TrimSuffix(line, "\n") + members.String() + "\n"
		}
		groups.WriteString(line)
	}
	return accounts{"/etc/passwd": a["/etc/passwd"] + passwd.String(), "/etc/shadow": a["/etc/shadow"] + shadow.String(), "/etc/group": groups.String() + group.String()}
}

func (a accounts) install() error {
	for name, text := range a {
		st, err := os.Stat(name)
		if err == nil {
			err = os.WriteFile(name+".bench", []byte(text), st.Mode().Perm())
		}
		if err == nil {
			err = os.Rename(name+".bench", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
