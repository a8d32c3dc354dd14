package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// Whatever the bytes, bash reads back the same word, and the command shows no byte that does something to a terminal.
func TestQuote(t *testing.T) {
	for _, word := range []string{
		"", "a", "-rf", "--", "a b", "a'b", `a"b`, "$(id)", "`id`", ";id", "a\nb", "a\r", "\x1b[2J", "caf\xe9", "perché", "\u202egpj.exe", "a\u200bb", `\`, `\x41`,
		"*", "?", "~", "#x", "a!b", "!\x01", "{a,b}", "a=b", "\x7f", strings.Repeat("x'", 100), "$'a'", "\u2028",
	} {
		quoted := Quote(word)
		out, err := exec.Command("bash", "-c", "printf %s. "+quoted).Output()
		if err != nil || string(out) != word+"." {
			t.Errorf("%q became %s and %q: %v", word, quoted, out, err)
		}
		for _, r := range quoted {
			if hides(r) || r == 0xfffd {
				t.Errorf("%q: %q shows %U", word, quoted, r)
			}
		}
	}
	for word, want := range map[string]string{"/srv/sharezone/demo/a.pdf": "/srv/sharezone/demo/a.pdf", "it's": `'it'\''s'`, "a\nb": `$'a\x0ab'`} {
		if got := Quote(word); got != want {
			t.Errorf("%q: %s", word, got)
		}
	}
	if out, err := exec.Command("bash", "-ic", "printf %s "+Quote("a!!\x01b")).Output(); err != nil || string(out) != "a!!\x01b" {
		t.Errorf("interactive: %q %v", out, err)
	}
}
