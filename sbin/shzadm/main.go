// Program shzadm is the administrator's command: it makes and shows users and zones, and says what is wrong with an
// installation. It runs as root and does nothing that the shell tools behind it (useradd, setfacl, chmod) could not do
// one by one; it puts them in the right order.
//
// SECURITY: whoever may run it is root already. It trusts its arguments, and neither what stands in zones (owners of
// zones write their metadata) nor what accounts say of people: that is checked when read and escaped when printed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Exit codes.
const (
	exitDone    = 0
	exitRefused = 1 // or findings
	exitUsage   = 2
)

// verb is one thing that shzadm can do, such as "user add".
type verb struct {
	name string
	run  func(c *call, args []string) error
}

var verbs = []verb{
	{"user add", userAdd},
	{"invite", invite},
	{"user list", userList},
	{"user show", userShow},
	{"user enable", userEnable},
	{"user modify", userModify},
	{"user lock", userLock},
	{"user unlock", userUnlock},
	{"user factor", userFactor},
	{"user verify", userVerify},
	{"user delete", userDelete},
	{"signup list", signupList},
	{"signup confirm", signupConfirm},
	{"signup decline", signupDecline},
	{"group add", groupAdd},
	{"group member", groupMember},
	{"group list", groupList},
	{"group delete", groupDelete},
	{"zone add", zoneAdd},
	{"zone share", zoneShare},
	{"zone list", zoneList},
	{"zone show", zoneShow},
	{"zone modify", zoneModify},
	{"zone close", zoneClose},
	{"zone restore", zoneRestore},
	{"zone check", zoneCheck},
	{"zone apply", zoneApply},
	{"zone open", zoneOpen},
	{"zone take", zoneTake},
	{"zone remove", zoneRemove},
	{"zone transfer", zoneTransfer},
	{"zone space", zoneSpace},
	{"zone who", zoneWho},
	{"session list", sessionList},
	{"session end", sessionEnd},
	{"queue list", queueList},
	{"queue retry", queueRetry},
	{"queue drop", queueDrop},
	{"activity", activity},
	{"announce", announce},
	{"maintenance", maintenance},
	{"doctor", doctor},
}

// call is one run of a verb.
type call struct {
	verb   string
	in     io.Reader
	out    io.Writer
	errOut io.Writer // for what does not change how the run ends
	getenv func(string) string
	say    texts
	json   bool
	told   bool // a JSON object was printed: there is only one
}

// errFindings ends a run that told already what it found.
var errFindings = errors.New("findings")

// usageError is a mistake in the command line, already a sentence.
type usageError string

func (e usageError) Error() string { return string(e) }

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, pickTexts(os.Getenv)))
}

func run(args []string, in io.Reader, out, errOut io.Writer, say texts) int {
	v, rest := findVerb(args)
	if v == nil {
		if slices.ContainsFunc(args, func(word string) bool { return slices.Contains([]string{"--help", "-help", "-h", "help"}, word) }) {
			fmt.Fprint(out, say.line("help"))
			return exitDone
		}
		if len(args) > 0 {
			fmt.Fprintf(errOut, "shzadm: %s\n%s\n", printable(say.line("usage-verb", strings.Join(args[:min(len(args), 2)], " "))), say.line("usage-hint", "shzadm --help"))
		} else {
			fmt.Fprint(errOut, say.line("help"))
		}
		return exitUsage
	}
	c := &call{verb: v.name, in: in, out: out, errOut: errOut, getenv: os.Getenv, say: say}
	c.json = slices.ContainsFunc(rest, func(word string) bool { return word == "--json" || word == "-json" }) // also if an option before it is wrong
	err := v.run(c, rest)
	var usage usageError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.Is(err, errFindings):
		return exitRefused
	case errors.As(err, &usage):
		c.printError("bad-request", usage.Error())
		fmt.Fprintf(errOut, "shzadm: %s\n%s\n", printable(usage.Error()), say.line("usage-hint", "shzadm "+v.name+" --help"))
		return exitUsage
	}
	said := explain(err, say)
	c.printError(resultOf(err), said)
	fmt.Fprintf(errOut, "shzadm: %s\n", printable(said))
	return exitRefused
}

// findVerb finds the verb that begins args; verbs have one or two words.
func findVerb(args []string) (*verb, []string) {
	for i := range verbs {
		words := strings.Fields(verbs[i].name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return &verbs[i], args[len(words):]
		}
	}
	return nil, nil
}

// flags returns the options that every verb has.
func (c *call) flags() *flag.FlagSet {
	fs := flag.NewFlagSet(c.verb, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&c.json, "json", c.json, "")
	return fs
}

// parse reads options and operands in any order and returns the operands, of which there must be from least to most.
// It also refuses whoever is not root: --help is for everybody.
func (c *call) parse(fs *flag.FlagSet, args []string, least, most int) ([]string, error) {
	var operands []string
	for len(args) > 0 {
		if err := fs.Parse(args); err != nil {
			return nil, c.flagError(err)
		}
		rest := fs.Args()
		if used := len(args) - len(rest); used > 0 && args[used-1] == "--" {
			operands = append(operands, rest...)
			break
		}
		if len(rest) == 0 {
			break
		}
		operands = append(operands, rest[0])
		args = rest[1:]
	}
	switch {
	case len(operands) < least:
		return nil, usageError(c.say.line("usage-few"))
	case len(operands) > most:
		return nil, usageError(c.say.line("usage-many", operands[most]))
	case os.Geteuid() != 0:
		return nil, errNotRoot
	}
	unix.Umask(0o022)
	return operands, nil
}

// flagError says in the user's language what package flag says in English. It offers nothing but its text.
func (c *call) flagError(err error) error {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(c.out, c.say.line("help "+c.verb))
		return err
	}
	said := err.Error()
	if name, ok := strings.CutPrefix(said, "flag provided but not defined: -"); ok {
		return usageError(c.say.line("usage-option", "--"+name))
	}
	if word, ok := strings.CutPrefix(said, "bad flag syntax: "); ok {
		return usageError(c.say.line("usage-option", word))
	}
	if name, ok := strings.CutPrefix(said, "flag needs an argument: -"); ok {
		return usageError(c.say.line("usage-argument", "--"+name))
	}
	// The one other kind: invalid boolean value "maybe" for -json: …
	_, name, _ := strings.Cut(said, " for -")
	name, _, _ = strings.Cut(name, ": ")
	return usageError(c.say.line("usage-boolean", "--"+name))
}

// given says whether an option stands on the command line: an empty title is another thing than none.
func given(fs *flag.FlagSet, name string) bool {
	found := false
	fs.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// setText returns what keeps the value of an option that may be absent: nil then, unlike empty.
func setText(to **string) func(string) error {
	return func(value string) error {
		*to = &value
		return nil
	}
}
