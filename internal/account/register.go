package account

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"sharezone/internal/layout"
)

// RegisterPath is the register of all uids that Share Zone ever gave to somebody, one line each: the uid, the name, the
// day. Lines are added before the uid is used and never removed, so no uid (nor the gid of the same number) comes back
// to somebody else, who would inherit files, entries in ACLs and sessions.
const RegisterPath = layout.State + "/uids"

// Register is who had which uid.
type Register struct {
	Names   map[uint32]string
	Highest uint32
}

// Has says whether Share Zone ever gave away a uid.
func (r Register) Has(uid uint32) bool {
	_, ok := r.Names[uid]
	return ok
}

// RegisterError says which line of the register is not understood.
type RegisterError struct {
	Line int
	Text string // at most the first 80 bytes
}

func (e *RegisterError) Error() string {
	return fmt.Sprintf("%s: line %d is not understood: %q", RegisterPath, e.Line, e.Text)
}

// ReadRegister reads the register; one that does not exist yet is empty.
func ReadRegister() (Register, error) {
	text, err := os.ReadFile(RegisterPath)
	if errors.Is(err, fs.ErrNotExist) {
		return Register{}, nil
	}
	if err != nil {
		return Register{}, err
	}
	return ParseRegister(text)
}

// ParseRegister reads the lines of a register. A last line without its end was being written when the machine stopped:
// that uid was never used. Any other line that is not understood is an error, because guessing could give a uid twice.
func ParseRegister(text []byte) (Register, error) {
	r := Register{Names: make(map[uint32]string)}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if line[len(line)-1] != '\n' {
			continue
		}
		fields := strings.Fields(string(line))
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		uid, ok := parseID(fields[0])
		if !ok || len(fields) != 3 {
			return Register{}, &RegisterError{number, string(line[:min(len(line), 80)])}
		}
		r.Names[uid] = fields[1]
		r.Highest = max(r.Highest, uid)
	}
	return r, nil
}
