package config

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The shipped file and the list in sharezone.toml(5) are made from the table:
//
//	go test ./internal/config -run Documents -write

var write = flag.Bool("write", false, "write the shipped file and the list in the man page instead of comparing them")

const (
	shippedFile = "../../etc/sharezone.toml"
	manPage     = "../../doc/man/sharezone.toml.5"
	listBegins  = ".\\\" The list is made from the table in internal/config.\n"
	listEnds    = ".\\\" End of the list.\n"
	width       = 118 // of a line of the shipped file
)

const shippedHead = `# Settings of Share Zone. The manual is sharezone.toml(5).
#
# Every setting stands here as a comment, at its default: remove the "# " before it and change the value. A change holds
# from the next request on; nothing is restarted. A file with a mistake is refused as a whole, and nobody can log in:
# "shzadm doctor" says which line is wrong. It must stay root's, and nobody else's to write.
`

func TestDocuments(t *testing.T) {
	compare(t, shippedFile, shippedHead+shippedSettings(), func(string) (string, string) { return "", "" })
	compare(t, manPage, listBegins+manList()+listEnds, func(page string) (string, string) {
		before, rest, found := strings.Cut(page, listBegins)
		_, after, ends := strings.Cut(rest, listEnds)
		if !found || !ends {
			t.Fatalf("%s has no list of the settings", manPage)
		}
		return before, after
	})
}

// compare compares a file with what it should be; around returns what stands before and after that in the file.
func compare(t *testing.T, name, want string, around func(string) (string, string)) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil && !*write {
		t.Fatal(err)
	}
	before, after := around(string(b))
	want = before + want + after
	if string(b) == want {
		return
	}
	if !*write {
		t.Errorf("%s differs from the table; go test ./internal/config -run Documents -write", name)
		return
	}
	if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func shippedSettings() string {
	var b strings.Builder
	section := ""
	for _, row := range table {
		if row.section != section {
			section = row.section
			fmt.Fprintf(&b, "\n[%s]\n", section)
		}
		b.WriteString("\n")
		for _, line := range fold(row.meaning + " (" + row.allowed() + ")") {
			b.WriteString("# " + line + "\n")
		}
		fmt.Fprintf(&b, "# %s = %s\n", row.name, row.value())
	}
	return b.String()
}

// value is the default as it is written, allowed what may stand there.
func (row setting) value() string {
	if row.text != nil {
		return strconv.Quote(row.text.fallback)
	}
	return strconv.FormatInt(row.fallback, 10)
}

func (row setting) allowed() string {
	if row.text != nil {
		return row.text.form
	}
	return fmt.Sprintf("%d to %d %s", row.least, row.most, row.unit)
}

// fold breaks a text into lines.
func fold(text string) []string {
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) > width-2:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	return lines
}

// manList is the list in mdoc: each sentence begins a line, and no line begins with a dot or a quote.
func manList() string {
	var b strings.Builder
	section := ""
	for _, row := range table {
		if row.section != section {
			if section != "" {
				b.WriteString(".El\n")
			}
			section = row.section
			fmt.Fprintf(&b, ".Ss [%s]\n.Bl -tag -width Ds\n", section)
		}
		fmt.Fprintf(&b, ".It Li %s = %s\n", row.name, strings.ReplaceAll(row.value(), `"`, `\(dq`))
		b.WriteString(strings.ReplaceAll(row.meaning, ". ", ".\n") + "\n")
		b.WriteString(strings.ToUpper(row.allowed()[:1]) + row.allowed()[1:] + ".\n")
	}
	return b.String() + ".El\n"
}

// TestShippedFile: as shipped it changes nothing, and each setting works as soon as its "# " is removed.
func TestShippedFile(t *testing.T) {
	b, err := os.ReadFile(shippedFile)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := parse(string(b)); err != nil || s != Default() {
		t.Errorf("as shipped: %v %+v", err, s)
	}
	settings := 0
	var all strings.Builder
	for line := range strings.Lines(string(b)) {
		if name, _, found := strings.Cut(strings.TrimPrefix(line, "# "), " = "); found && !strings.Contains(name, " ") {
			settings++
			line = strings.TrimPrefix(line, "# ")
		}
		all.WriteString(line)
	}
	if s, err := parse(all.String()); err != nil || s != Default() {
		t.Errorf("all in force: %v %+v", err, s)
	}
	if settings != len(table) {
		t.Errorf("%d settings, the table has %d", settings, len(table))
	}
}
