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
// to somebody else, who would inherit files, entries in ACLs and sessions. The gids of companies' groups stand among
// them, because uids and gids are given from one row of numbers.
const RegisterPath = layout.State + "/uids"

// Register is who had which number.
type Register struct {
	Names   map[uint32]string // of users
	Groups  map[uint32]string // of companies: their names begin so, and no user's does
	Highest uint32
}

// Has says whether Share Zone ever gave away a number.
func (r Register) Has(id uint32) bool {
	_, user := r.Names[id]
	_, group := r.Groups[id]
	return user || group
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
	r := Register{Names: make(map[uint32]string), Groups: make(map[uint32]string)}
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
		if strings.HasPrefix(fields[1], layout.CompanyPrefix) {
			r.Groups[uid] = fields[1]
		} else {
			r.Names[uid] = fields[1]
		}
		r.Highest = max(r.Highest, uid)
	}
	return r, nil
}
