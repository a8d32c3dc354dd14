package test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/text"
	"sharezone/internal/verification"
)

// The browser tests: test/browser/ drives Debian's Chromium over the installation, from the welcome page to the logout,
// and judges each page. Here stands what they need on the machine, and what they said becomes subtests.
//
// With SHZ_SHOTS=FOLDER each page is photographed, wide and narrow, light and dark: SHZ_SHOTS=test/shots ./test.sh --run TestBrowser

// browserFacts is what the scripts are told.
type browserFacts struct {
	URL     string                       `json:"url"`
	Zone    browserZone                  `json:"zone"` // each journey has a folder of its name in it
	Drop    string                       `json:"drop"` // a zone to deliver to
	People  map[string]browserPerson     `json:"people"`
	Partner browserPartner               `json:"partner"` // with whom managers share
	Company string                       `json:"company"` // the partner's group
	Words   map[string]map[string]string `json:"words"`   // by language and key
	Shots   string                       `json:"shots"`
	Large   string                       `json:"large"` // a file to be brought by a connection that is cut

	Journeys []string `json:"journeys"` // those to be made, of test/browser/main.js
}

type browserZone struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

type browserPerson struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Link     string `json:"link"` // of a mail, for who has forgotten it
}

type browserPartner struct {
	User    string `json:"user"`
	Name    string `json:"name"`
	Company string `json:"company"`
}

// visited is one line of what main.js says.
type visited struct {
	Journey  string
	Page     string
	Problems []string
}

// From the welcome page to the logout, with what people do to files between.
func TestBrowser(t *testing.T) {
	testJourneys(t, "it-phone", "en-wide")
}

// The same without JavaScript.
func TestBrowserPlain(t *testing.T) {
	testJourneys(t, "it-plain", "en-plain")
}

func TestBrowserFirstLogin(t *testing.T) {
	testJourneys(t, "it-newcomer", "it-keyboard", "en-newcomer", "en-keyboard")
}

// Uploads with progress: dragged, paused, cut off, resumed; folders, and names that are taken.
func TestBrowserUploads(t *testing.T) {
	testJourneys(t, "it-uploads", "en-uploads")
	if t.Failed() {
		return
	}
	for _, journey := range []string{"it-uploads", "en-uploads"} {
		folder := zonePath("browser", journey)
		// What the scripts sent: one letter, over and over.
		run(t, "sh", "-c", `cd "$1" && test "$(tr -d a <large.bin | wc -c)" = 0 && test "$(stat -c %s large.bin)" = 25000000 && test "$(ls many | wc -l)" = 121 &&
			test -d many/empty && test "$(cat many/number-119.txt)" = 119 && test "$(cat 'taken (2).txt')" = second && test "$(cat taken.txt)" = third &&
			test -z "$(find . -name '.shz-*')"`, "sh", folder)
	}
}

// Pictures, documents, text and sound are shown by the browser's own viewers, and nothing that somebody brought runs.
func TestBrowserPreviews(t *testing.T) {
	testJourneys(t, "it-previews", "en-previews")
}

func TestBrowserZones(t *testing.T) {
	testJourneys(t, "it-zones", "en-zones")
}

// Who has forgotten his password, or was invited, sets one by the link of a mail.
func TestBrowserForgotten(t *testing.T) {
	setConfig(t, "[login]\nfailure_milliseconds = 300\n[mail]\nport = 1\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n")
	forgive(t) // each question counts
	emptyMails(t)
	testJourneys(t, "it-forgot", "it-guest", "it-address", "en-forgot", "en-guest", "en-address")
}

// An administrator makes an account, invites, ends a session, locks, lets expire and deletes; who is meant meets it at another browser.
func TestBrowserPeople(t *testing.T) {
	setConfig(t, "[login]\nfailure_milliseconds = 300\n[mail]\nport = 1\n[entries.internal]\npublic_url = \""+needDemo(t).url+"\"\n")
	forgive(t)
	emptyMails(t)
	clearUsers(t, "br-it-people-p", "br-it-people-g", "br-en-people-p", "br-en-people-g")
	testJourneys(t, "it-people", "en-people")
}

// Who has no account asks for one, and an administrator decides.
func TestBrowserSignup(t *testing.T) {
	canSignUp(t, "")
	clearUsers(t, "br-it-signup-s", "br-en-signup-s")
	testJourneys(t, "it-signup", "en-signup")
}

// Somebody sets up a second factor, logs in with it, and turns it off.
func TestBrowserFactor(t *testing.T) {
	setConfig(t, "[login]\nfailure_milliseconds = 300\n")
	testJourneys(t, "it-factor", "en-factor")
}

func testJourneys(t *testing.T, journeys ...string) {
	testJourneysAt(t, needDemo(t).url, "", journeys...)
}

// testJourneysAt is that at an address of Share Zone's, with a large file for those that bring one.
func testJourneysAt(t *testing.T, address, large string, journeys ...string) {
	if _, err := os.Stat("browser/node_modules"); err != nil {
		t.Fatal("the packages of test/browser/package-lock.json are not there (test/prepare.sh, test/steps.sh):", err)
	}
	facts := browserFacts{
		URL: address, Large: large, Zone: browserZone{"browser", "Disegni per il montaggio / Assembly drawings"}, Drop: "browser-drop",
		Journeys: journeys, People: browserPeople(t, journeys), Words: browserWords(t), Shots: os.Getenv("SHZ_SHOTS"),
		Partner: browserPartner{"br-partner", `Ólafur "Ó" O'Brien`, "Acciaierie Brunelli"}, Company: "shz-brunelli",
	}
	browserPartners(t, facts)
	browserZones(t, facts)
	pages := runBrowser(t, facts)
	for _, journey := range journeys {
		t.Run(journey, func(t *testing.T) {
			last := ""
			for _, page := range pages {
				if page.Journey != journey {
					continue
				}
				last = page.Page
				t.Run(page.Page, func(t *testing.T) {
					for _, problem := range page.Problems {
						t.Error(problem)
					}
				})
			}
			if last != "end" {
				t.Errorf("the journey ended at %q", last)
			}
		})
	}
}

// runBrowser runs the scripts and returns what they said.
func runBrowser(t *testing.T, facts browserFacts) []visited {
	t.Helper()
	input, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rounds(25, 90))*time.Minute) // two idle cores need two; a busy machine needed fifteen
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "browser/main.js")
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("node: %v\n%s", err, stderr.String())
	}
	var pages []visited
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var page visited
		if err := json.Unmarshal(lines.Bytes(), &page); err != nil || !slices.Contains(facts.Journeys, page.Journey) {
			t.Errorf("main.js says %q", lines.Text())
			continue
		}
		pages = append(pages, page)
	}
	return pages
}

// browserPeople makes one account for each journey, because a journey changes its password and ends its sessions. The
// passwords of newcomers have expired.
func browserPeople(t *testing.T, journeys []string) map[string]browserPerson {
	t.Helper()
	people := make(map[string]browserPerson)
	for _, journey := range journeys {
		p := browserPerson{User: "br-" + journey, Password: "Betulla-9-Canale-Rosso"}
		t.Cleanup(func() { exec.Command("userdel", p.User).Run() })
		if strings.HasSuffix(journey, "-guest") {
			emptyQueue(t)
			run(t, "shzadm", "invite", p.User, "--full-name", "Gina Güell", "--email", p.User+"@localhost")
			token, _ := invitationOf(t, p.User)
			p.Link = forgotPage + "?" + url.Values{"invited": {"1"}, "user": {p.User}, "token": {token}}.Encode()
			people[journey] = p
			continue
		}
		role := "base"
		if strings.HasSuffix(journey, "-zones") {
			role = "manager"
		}
		if strings.HasSuffix(journey, "-people") || strings.HasSuffix(journey, "-signup") {
			role = "admin"
		}
		cmd := exec.Command("shzadm", "user", "add", p.User, "--role", role, "--full-name", "Brigitte Müller-Lüdenscheidt",
			"--email", p.User+"@localhost", "--password-stdin")
		cmd.Stdin = strings.NewReader(p.Password + "\n")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", p.User, err, out)
		}
		if strings.HasSuffix(journey, "-newcomer") {
			run(t, "chage", "-d", "0", p.User)
		}
		if strings.HasSuffix(journey, "-forgot") {
			p.Link = linkFor(t, p.User)
		}
		if strings.HasSuffix(journey, "-signup") {
			for _, who := range []string{"-d", "-s"} {
				askSignup(t, p.User+who+"@localhost", "<i>Offers</i>")
				p.Link = signupPage + "?token=" + signupLink(t, p.User+who+"@localhost")
				if who == "-d" {
					curl(t, "-d", "token="+strings.TrimPrefix(p.Link, signupPage+"?token="), signupPage+"?confirm=1")
				}
			}
		}
		if strings.HasSuffix(journey, "-address") {
			s, err := config.Read()
			if err == nil {
				_, err = verification.Send(p.User, "altra@localhost", time.Hour, 0, s, time.Now())
			}
			if err != nil {
				t.Fatal(err)
			}
			p.Link, _ = verifyLink(t, p.User, "altra@localhost")
		}
		people[journey] = p
	}
	return people
}

// browserPartners makes whom managers share with: a person, and a company that is a group. What the journeys make is
// removed when the test ends.
func browserPartners(t *testing.T, facts browserFacts) {
	t.Helper()
	run(t, "groupadd", facts.Company)
	t.Cleanup(func() {
		exec.Command("userdel", facts.Partner.User).Run()
		exec.Command("groupdel", facts.Company).Run()
		run(t, "sh", "-c", `rm -rf "$1"/*-zones-area "$1"/.closed/*-zones-area*`, "sh", layout.Base)
	})
	cmd := exec.Command("shzadm", "user", "add", facts.Partner.User, "--role", "base", "--full-name", facts.Partner.Name,
		"--company", facts.Partner.Company, "--email", facts.Partner.User+"@localhost", "--password-stdin")
	cmd.Stdin = strings.NewReader("Betulla-9-Canale-Rosso\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// browserZones makes the zone that the journeys share, with what a listing can show, and one to deliver to.
func browserZones(t *testing.T, facts browserFacts) {
	t.Helper()
	drop := []string{"zone", "share", facts.Drop}
	write := []string{"zone", "share", facts.Zone.Name}
	script := `cd "$1" && shift && mkdir -- "$@" && printf 'x,y\n' >dati.csv && head -c 5000000 /dev/zero >"Disegno 12.dwg" &&
		: >vuoto.txt && ln -s /etc/passwd collegamento && touch -d 2019-03-01T12:00 vuoto.txt`
	folders := []string{"sh", zonePath(facts.Zone.Name), "Offerte 2026"}
	for _, journey := range facts.Journeys {
		if strings.HasSuffix(journey, "-newcomer") || strings.HasSuffix(journey, "-zones") {
			continue // the kernel keeps them out
		}
		folders = append(folders, journey)
		drop = append(drop, "user:"+facts.People[journey].User+"=drop")
		write = append(write, "user:"+facts.People[journey].User+"=write")
	}
	for name, title := range map[string]string{facts.Zone.Name: facts.Zone.Title, facts.Drop: "Consegne"} {
		run(t, "shzadm", "zone", "add", name, "--owner", "anna", "--title", title)
		t.Cleanup(func() {
			if err := os.RemoveAll(zonePath(name)); err != nil {
				t.Error(err)
			}
		})
	}
	for _, share := range [][]string{write, drop} {
		if len(share) > 3 {
			run(t, "shzadm", share...)
		}
	}
	if out, status := asUser(t, "anna", append([]string{"sh", "-c", script}, folders...)...); status != 0 {
		t.Fatal(out)
	}
	if out, status := asUser(t, "anna", "sh", "-c", `echo x >"$1"`, "sh", zonePath(facts.Drop, "altrui.pdf")); status != 0 {
		t.Fatal(out)
	}
}

// browserWords are the sentences that the scripts look for, in both languages: those whose keys stand in them.
func browserWords(t *testing.T) map[string]map[string]string {
	t.Helper()
	key := regexp.MustCompile(`'([a-z]+(?:-[a-z]+)*\.[a-z.-]+)'`)
	words := map[string]map[string]string{"it": {}, "en": {}}
	err := filepath.WalkDir("browser", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".js" || entry.IsDir() {
			return err
		}
		script, err := os.ReadFile(name)
		for _, match := range key.FindAllSubmatch(script, -1) {
			if k := string(match[1]); text.Italian.Knows(k) {
				words["it"][k], words["en"][k] = text.Italian.Say(k), text.English.Say(k)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return words
}
