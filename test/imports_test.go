package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The tables say who may import whom, folders as seen from the repository's root. "internal/..." is the folder and all
// below it, "std" the whole standard library.

// closed packages import what stands here and nothing else.
var closed = []struct {
	folder  string
	imports string
	why     string
}{
	{
		"cgi-bin/gate",
		"crypto/rand encoding/hex errors io net/netip os runtime slices strconv strings syscall time " +
			"golang.org/x/sys/unix sharezone/internal/landlock sharezone/internal/layout sharezone/internal/session sharezone/internal/syslog",
		"it is setuid: the init functions of whatever it imports run as root with the caller's environment",
	},
	{
		"internal/session",
		"crypto/hmac crypto/rand crypto/sha256 encoding/base64 encoding/hex errors io net/netip os strconv strings time " +
			"golang.org/x/sys/unix sharezone/internal/layout",
		"the gate imports it",
	},
	{"internal/layout", "", "the gate imports it; constants need nothing"},
	{"internal/landlock", "unsafe golang.org/x/sys/unix", "the gate imports it"},
	{"internal/syslog", "os strconv time golang.org/x/sys/unix", "the gate imports it"},
	{"acl", "std github.com/pkg/xattr golang.org/x/sys/unix", "it knows ACLs, and neither zones nor HTTP"},
}

// gateMustNotLink are packages that must not even come into the gate by way of another one.
var gateMustNotLink = map[string]string{
	"runtime/cgo":   "a cgo program starts the dynamic loader and starts slower",
	"net":           "the gate talks to nobody",
	"net/http":      "the handlers speak HTTP",
	"os/exec":       "it looks programs up in PATH",
	"os/user":       "static, it sees /etc/passwd alone and would seem to know more",
	"encoding/json": "reflection on input, as root",
	"plugin":        "code from files",
	"flag":          "the gate takes no arguments",
	"html/template": "the gate writes no page",
}

// reserved packages are imported only by those named here.
var reserved = map[string]struct{ by, why string }{
	"github.com/msteinert/pam/v2":       {"libexec/auth", "cgo and PAM stay in one program that only root runs"},
	"github.com/pkg/xattr":              {"acl internal/zone", "what is stored in xattrs is known in one place"},
	"github.com/BurntSushi/toml":        {"internal/config", "settings are read, and refused, in one place"},
	"github.com/robfig/cron/v3":         {"internal/schedule", "its parser can panic, and summer time confuses it: a guard stands around it"},
	"github.com/wneessen/go-mail":       {"notify/mail", "what mail does wrong is known in one place"},
	"image/gif":                         {"internal/picture", "pictures that others brought are decoded in one place, which bounds them"},
	"image/jpeg":                        {"internal/picture", "as image/gif"},
	"image/png":                         {"internal/picture cgi-bin/factor", "as image/gif; the QR code of a second factor is only written"},
	"golang.org/x/image/webp":           {"internal/picture", "as image/gif"},
	"sharezone/notify/mail/mailtest":    {"", "it is for tests"},
	"os/exec":                           {"internal/helper internal/hook hooks/virus-scan internal/account internal/account/change internal/btrfs internal/privileged/privilegedtest sbin/shzadm test test/report bench", "running programs is rare and visible"},
	"os/user":                           {"libexec/auth", "in a static program it does not see LDAP; the others ask internal/account"},
	"net/http":                          {"internal/web cgi-bin/... test bench/...", "what lies below the handlers knows no HTTP"},
	"net/http/cgi":                      {"internal/web bench/hello", "one place takes the request from the environment"},
	"sharezone/internal/account/change": {"sbin/shzadm libexec/account libexec/auth internal/farewell internal/admission", "only root changes accounts"},
	"sharezone/internal/farewell":       {"sbin/shzadm libexec/account", "only root changes accounts"},
	"sharezone/internal/attempt":        {"libexec/auth libexec/account internal/account/change sbin/shzadm", "what is refused is counted in one place, and only root sees and forgets it"},
	"sharezone/internal/helper":         {"internal/web cgi-bin/... sbin/shzadm libexec/account libexec/auth libexec/zonefix libexec/access libexec/zoneid notify/worker", "root helpers serve requests, and shzadm; they take from it what is asked and answered"},
	"sharezone/internal/token":          {"libexec/auth libexec/account internal/invitation internal/verification internal/account/change cleaner", "only root makes and uses links"},
	"sharezone/internal/invitation":     {"libexec/account sbin/shzadm internal/verification internal/admission", "only root makes links"},
	"sharezone/internal/verification":   {"libexec/account libexec/auth sbin/shzadm", "only root makes links"},
	"sharezone/internal/secret":         {"libexec/auth libexec/account internal/invitation internal/verification internal/admission notify/worker", "root hands over what one mail alone may hold"},
	"sharezone/internal/signup":         {"libexec/auth libexec/account internal/admission sbin/shzadm cleaner", "only root keeps requests of strangers"},
	"sharezone/internal/admission":      {"libexec/account sbin/shzadm", "only root changes accounts"},
	"sharezone/internal/privileged":     {"libexec/... cleaner internal/privileged/privilegedtest", "it is for programs that run as root and take nothing over from whoever starts them"},
	"sharezone/internal/slot":           {"internal/zone internal/account/change internal/admission libexec/... cleaner", "only root takes these locks"},
	"sharezone/internal/btrfs":          {"internal/zone sbin/shzadm", "limits of zones are known in one place"},
	"sharezone/acl":                     {"internal/zone sbin/shzadm libexec/zonefix libexec/access notify/worker test", "handlers change no ACL by themselves"},
	"unsafe":                            {"internal/quota internal/landlock", "x/sys has what is needed, all but quotactl and the calls of Landlock"},
	"C":                                 {"", "cgo is in the PAM package alone"},
	"plugin":                            {"", "all code is compiled in"},
	"html/template":                     {"", "pages are templ's: compiled and typed"},
	"text/template":                     {"", "it escapes nothing"},
	"log/syslog":                        {"", "frozen; the privileged programs write the datagram themselves"},
	"io/ioutil":                         {"", "deprecated"},
	"math/rand":                         {"test", "random values here are secrets or names: crypto/rand"},
	"math/rand/v2":                      {"test", "random values here are secrets or names: crypto/rand"},
}

// below says that nobody in from may import a package of to.
var below = []struct{ from, to, why string }{
	{"internal/...", "cgi-bin/...", "shared packages do not know who uses them"},
	{"internal/...", "libexec/...", "shared packages do not know who uses them"},
	{"internal/...", "sbin/...", "shared packages do not know who uses them"},
	{"acl", "internal/...", "the ACL package could be used by anybody"},
	{"cgi-bin/...", "internal/account/change", "handlers run as the user; accounts are changed by a root helper"},
	{"internal/text", "internal/...", "sentences depend on nothing"},
	{"internal/zone", "internal/web", "zones know no HTTP"},
}

// modules that may be imported at all; each is a decision of doc/architecture.md.
var modules = []string{
	"github.com/a-h/templ", "github.com/msteinert/pam/v2", "github.com/pkg/xattr", "golang.org/x/sys",
	"github.com/robfig/cron/v3", "github.com/wneessen/go-mail", "golang.org/x/text", "github.com/BurntSushi/toml",
	"github.com/klauspost/compress", "github.com/gabriel-vasile/mimetype", "golang.org/x/image", "github.com/boombuler/barcode",
}

// bags are names of packages that say nothing about what is inside.
var bags = []string{"util", "utils", "common", "helpers", "misc", "lib", "shared", "tools", "types", "base", "core"}

func TestImports(t *testing.T) {
	imports := readImports(t)
	for _, row := range closed {
		allowed := strings.Fields(row.imports)
		for _, p := range imports[row.folder] {
			if !slices.Contains(allowed, p) && !(slices.Contains(allowed, "std") && isStandard(p)) {
				t.Errorf("%s imports %s; it is closed: %s", row.folder, p, row.why)
			}
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(imports)) {
		if slices.Contains(bags, path.Base(folder)) && folder != "test/tools" {
			t.Errorf("%s: a package is a noun of the problem", folder)
		}
		for _, p := range imports[folder] {
			checkImport(t, folder, p)
		}
	}
}

func checkImport(t *testing.T, folder, p string) {
	if row, isReserved := reserved[p]; isReserved && !slices.ContainsFunc(strings.Fields(row.by), contains(folder)) {
		t.Errorf("%s imports %s, which is for %q: %s", folder, p, row.by, row.why)
	}
	for _, row := range below {
		if contains(folder)(row.from) && contains(strings.TrimPrefix(p, "sharezone/"))(row.to) && p != "sharezone/"+folder {
			t.Errorf("%s imports %s: %s", folder, p, row.why)
		}
	}
	inModule := func(m string) bool { return p == m || strings.HasPrefix(p, m+"/") }
	if !isStandard(p) && !strings.HasPrefix(p, "sharezone/") && !slices.ContainsFunc(modules, inModule) {
		t.Errorf("%s imports %s, which is in no module that was decided on", folder, p)
	}
}

// contains returns a test of patterns: "a/..." is a and all below it.
func contains(folder string) func(string) bool {
	return func(pattern string) bool {
		above, all := strings.CutSuffix(pattern, "/...")
		return folder == above || all && strings.HasPrefix(folder, above+"/")
	}
}

func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".") && first != "sharezone"
}

// readImports returns what each folder imports, its tests aside.
func readImports(t *testing.T) map[string][]string {
	imports := make(map[string][]string)
	for _, name := range sources(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "test/tools/") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		folder := path.Dir(name)
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(imports[folder], p) {
				imports[folder] = append(imports[folder], p)
			}
		}
	}
	if len(imports["cgi-bin/gate"]) == 0 {
		t.Fatal("the gate's sources were not found")
	}
	return imports
}

func TestGateLinksLittle(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./cgi-bin/gate")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, p := range strings.Fields(string(out)) {
		if why, forbidden := gateMustNotLink[p]; forbidden {
			t.Errorf("the gate links %s: %s", p, why)
		}
	}
}

// sources returns the files of the repository, those not committed yet included, as paths from its root.
func sources(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", "..", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err == nil {
		names := strings.FieldsFunc(string(out), func(c rune) bool { return c == 0 })
		return slices.DeleteFunc(names, func(name string) bool {
			info, err := os.Lstat(filepath.Join("..", name))
			return err != nil || !info.Mode().IsRegular() // removed, but not committed so yet; a link
		})
	}
	var names []string // an unpacked archive
	err = filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "build") {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			names = append(names, strings.TrimPrefix(name, "../"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestPatternsWait: a program lives for one request, and a pattern that it compiles when it starts it compiles for nothing most of the time.
func TestPatternsWait(t *testing.T) {
	for _, name := range sources(t) {
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(path.Dir(name), "test") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), "../"+name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if g, isGeneral := d.(*ast.GenDecl); isGeneral && g.Tok == token.VAR {
				ast.Inspect(g, func(n ast.Node) bool {
					if call, isCall := n.(*ast.SelectorExpr); isCall && call.Sel.Name == "MustCompile" {
						t.Errorf("%s: a pattern is compiled when the program starts: sync.OnceValue", name)
					}
					_, isFunc := n.(*ast.FuncLit)
					return !isFunc
				})
			}
		}
	}
}
