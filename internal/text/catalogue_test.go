package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var verb = regexp.MustCompile(`%[^a-zA-Z%]*[a-zA-Z%]`)

var allItalian, allEnglish = whole(italian), whole(english)

func whole(c catalogue) map[string]string {
	all := make(map[string]string)
	for _, part := range c {
		maps.Copy(all, part())
	}
	return all
}

func TestCataloguesAgree(t *testing.T) {
	for l, c := range map[Language]catalogue{Italian: italian, English: english} {
		keys := 0
		for _, part := range c {
			keys += len(part())
		}
		if keys != len(whole(c)) {
			t.Errorf("%s: a key stands in two parts", l)
		}
	}
	for key, sentence := range allItalian {
		other, ok := allEnglish[key]
		if !ok {
			t.Errorf("%s: missing in English", key)
			continue
		}
		if a, b := verb.FindAllString(sentence, -1), verb.FindAllString(other, -1); !slices.Equal(a, b) {
			t.Errorf("%s: arguments %q in Italian, %q in English", key, a, b)
		}
	}
	for key := range allEnglish {
		if _, ok := allItalian[key]; !ok {
			t.Errorf("%s: missing in Italian", key)
		}
	}
}

func TestSentences(t *testing.T) {
	for l, catalogue := range map[Language]map[string]string{Italian: allItalian, English: allEnglish} {
		for key, sentence := range catalogue {
			if strings.TrimSpace(sentence) != sentence || sentence == "" || strings.ContainsAny(sentence, "<>&") {
				t.Errorf("%s %s: %q", l, key, sentence)
			}
			for _, v := range verb.FindAllString(sentence, -1) {
				if v != "%s" {
					t.Errorf("%s %s: %s, but numbers come already formatted: only %%s", l, key, v)
				}
			}
			if one, isOne := strings.CutSuffix(key, ".one"); isOne && catalogue[one+".other"] == "" {
				t.Errorf("%s %s.other: missing", l, one)
			}
			// Messages are whole sentences; what one reads must never be a path of the machine.
			if strings.HasPrefix(key, "error.") && strings.Contains(sentence, "/") {
				t.Errorf("%s %s: a path in %q", l, key, sentence)
			}
		}
	}
}

// use is a call of Say or Count in the source, or a key that is handed to one.
type use struct {
	position  token.Position
	key       string
	isPrefix  bool // the literal is followed by something computed: "error." + code
	arguments int  // -1 = not known
}

// TestKeysUsed compares the catalogue with the calls of Say and Count in the whole repository. Templates are read in the
// Go code that is generated from them.
func TestKeysUsed(t *testing.T) {
	uses := findUses(t, "../..")
	if len(uses) < 20 {
		t.Fatalf("only %d calls found: the search is broken", len(uses))
	}
	used := map[string]bool{}
	for _, u := range uses {
		if !u.isPrefix {
			used[u.key] = true
			checkArguments(t, u)
			continue
		}
		found := false
		for key := range allItalian {
			if strings.HasPrefix(key, u.key) {
				used[key], found = true, true
			}
		}
		if !found {
			t.Errorf("%s: no key begins with %q", u.position, u.key)
		}
	}
	for key := range allItalian {
		if !used[key] {
			t.Errorf("%s: nobody says it", key)
		}
	}
}

func checkArguments(t *testing.T, u use) {
	t.Helper()
	sentence, ok := allItalian[u.key]
	if !ok {
		t.Errorf("%s: no key %q", u.position, u.key)
		return
	}
	if wanted := len(verb.FindAllString(sentence, -1)); u.arguments >= 0 && u.arguments != wanted {
		t.Errorf("%s: %q takes %d arguments, gets %d", u.position, u.key, wanted, u.arguments)
	}
}

// findUses parses every Go file below root, tests apart.
func findUses(t *testing.T, root string) (uses []use) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return filepath.SkipDir
		case entry.IsDir(), !strings.HasSuffix(path, ".go"), strings.HasSuffix(path, "_test.go"):
			return nil
		case filepath.Dir(path) == filepath.Join(root, "internal/text") && entry.Name() != "format.go":
			return nil // the catalogues, and Say and Count themselves
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		uses = append(uses, usesIn(files, file)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return uses
}

// usesIn reads one file. Where a call gets its key from a variable, every literal of the file that looks like a key of
// ours counts as handed to it.
func usesIn(files *token.FileSet, file *ast.File) (uses []use) {
	var indirect bool
	var keys []use
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			found, ok := usesOf(files, node)
			indirect = indirect || !ok
			uses = append(uses, found...)
		case *ast.BasicLit:
			if key, err := strconv.Unquote(node.Value); err == nil && node.Kind == token.STRING && looksLikeKey(key) {
				if allItalian[key] == "" && allItalian[key+".one"] != "" { // it is for Count
					key += ".one"
				}
				keys = append(keys, use{position: files.Position(node.Pos()), key: key, arguments: -1})
			}
		}
		return true
	})
	if indirect {
		uses = append(uses, keys...)
	}
	return uses
}

var keyForm = regexp.MustCompile(`^[a-z-]+(\.[a-z-]+)+$`)

// looksLikeKey reports whether s begins as keys of the catalogue do: "chpwd.anything".
func looksLikeKey(s string) bool {
	section, _, _ := strings.Cut(s, ".")
	for key := range allItalian {
		if strings.HasPrefix(key, section+".") {
			return keyForm.MatchString(s)
		}
	}
	return false
}

// usesOf reads one call: two uses for Count, none for what is no call of ours; false if the key is a variable.
func usesOf(files *token.FileSet, call *ast.CallExpr) ([]use, bool) {
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || function.Sel.Name != "Say" && function.Sel.Name != "Count" || len(call.Args) == 0 {
		return nil, true
	}
	if receiver, ok := function.X.(*ast.Ident); ok && (receiver.Name == "strings" || receiver.Name == "bytes") {
		return nil, true // their Count
	}
	u := use{position: files.Position(call.Pos()), arguments: len(call.Args) - 1} // of Count, n is the first argument
	if call.Ellipsis.IsValid() {
		u.arguments = -1
	}
	key := call.Args[0]
	if sum, ok := key.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		key, u.isPrefix = sum.X, true
	}
	literal, ok := key.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return nil, false
	}
	u.key, _ = strconv.Unquote(literal.Value)
	if function.Sel.Name == "Say" || u.isPrefix {
		return []use{u}, true
	}
	one, other := u, u
	one.key, other.key = u.key+".one", u.key+".other"
	return []use{one, other}, true
}

// Keys whose end the code computes. The codes of errors stand in the tests of internal/page once more, with their page.
func TestFamiliesAreComplete(t *testing.T) {
	for prefix, members := range map[string][]string{
		// queue.Kind
		"mail-subject.": {"taken.one", "arrived.one", "several-taken.one", "several-arrived.one",
			"taken-perhaps.one", "arrived-perhaps.one", "several-taken-perhaps.one", "several-arrived-perhaps.one", "warned", "closed", "removed", "expired.one", "recover", "reset", "invite"},
		"mail-opening.": {"taken.one", "arrived.one", "several-taken.one", "several-arrived.one",
			"taken-perhaps.one", "arrived-perhaps.one", "several-taken-perhaps.one", "several-arrived-perhaps.one", "warned", "closed", "removed", "expired.one", "recover", "reset", "invite"},
		"mail-why.":  {"taken", "arrived", "taken-perhaps", "arrived-perhaps", "warned", "closed", "removed", "expired", "recover", "reset", "invite"},
		"mail-link.": {"taken", "arrived", "taken-perhaps", "arrived-perhaps", "warned", "closed", "expired", "recover", "reset", "invite"}, "mail-part.": {"taken", "expired"},
		"access.": {"own", "own-alone", "write", "read", "drop", "none"},                               // zone.Access
		"upload.": {"created", "replaced", "skipped"},                                                  // status of an upload
		"often.":  {"now", "hourly", "daily", "none"}, "often-is.": {"now", "hourly", "daily", "none"}, // account.Often
		"channel.": {"mail", "sms", "both", "none"},                                        // account.Channel
		"menu.":    {"home", "zones", "users", "activity", "profile", "sessions", "chpwd"}, // page.Menu
		// doneOperations of cgi-bin/shz
		"done.":   {"upload.one", "delete.one", "discard.one", "restore.one", "purge.one", "rename.one", "move.one", "copy.one", "zip.one", "unzip.one"},
		"failed.": {"upload.one", "delete.one", "discard.one", "restore.one", "purge.one", "rename.one", "move.one", "copy.one", "zip.one", "unzip.one"},
		"did.": {"skipped", "restore.ok", "restore.replaced", "restore.partly", "rename.ok", "rename.replaced", "move.ok", "move.replaced", "move.partly", "copy.ok", "copy.replaced", "copy.partly",
			"zip.ok", "zip.replaced", "zip.partly", "unzip.ok"},
		"where.": {"move.one", "copy.one", "zip.one"}, "here.": {"move", "copy"},
		"exists.": {"fail", "rename", "replace", "skip"}, // zone.OnExists
		"why.": {"unknown", "damaged", "truncated", "encrypted", "method", "outside", "name", "link", "device", "setid", "duplicate", "overlap", "lying",
			"entries", "bytes", "ratio", "depth"}, // archive.Reason
		"error.": {"bad-request", "not-logged-in", "not-permitted", "password-expired", "second-factor", "not-found", "method", "exists",
			"conflict", "precondition", "too-large", "unsupported", "range", "locked", "internal", "busy", "no-space", "quota", "checksum", "rejected"},
	} {
		for _, member := range members {
			if allItalian[prefix+member] == "" {
				t.Errorf("%s%s: missing", prefix, member)
			}
		}
	}
	for key := range allItalian {
		if code, isTitle := strings.CutPrefix(key, "error-title."); isTitle && allItalian["error."+code] == "" {
			t.Errorf("%s: a title without its sentence", key)
		}
	}
}
