package account

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"sharezone/internal/layout"
	"sharezone/internal/text"
)

// Preferences are what somebody chose for himself. They lie in a file of his own, which the worker's group reads and which he
// may write with an editor: whoever reads one believes nothing of it that has not the right form, and no file is too strange.
type Preferences struct {
	Language text.Language `json:"language,omitempty"` // of pages after a login, and of mails; "" = he has chosen none
	Channel  Channel       `json:"channel,omitempty"`  // "" = he has chosen none

	Often   Often                  `json:"often,omitempty"`   // of zones for which he has not chosen; "" = AtOnce
	Notices map[string]ZoneNotices `json:"notices,omitempty"` // by the zone's id
}

// maxPreferences bounds the file, in bytes.
const maxPreferences = 64 << 10

// PreferencesFile is where the preferences of a uid are.
func PreferencesFile(uid uint32) string {
	return layout.Preferences + "/" + strconv.FormatUint(uint64(uid), 10) + ".json"
}

// ReadPreferences returns what somebody chose: nothing where there is no file, or none that he can have chosen by. An error
// says that this could not be found out.
func ReadPreferences(uid uint32) (Preferences, error) {
	return readPreferences(PreferencesFile(uid), uid)
}

func readPreferences(name string, uid uint32) (Preferences, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ELOOP) {
		return Preferences{}, nil
	}
	if err != nil {
		return Preferences{}, err
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return Preferences{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != uid || st.Size > maxPreferences {
		return Preferences{}, nil
	}
	b, err := io.ReadAll(io.LimitReader(f, maxPreferences)) // he may be writing to it
	if err != nil {
		return Preferences{}, err
	}
	var p Preferences
	if json.Unmarshal(b, &p) != nil || CheckLanguage(string(p.Language)) != nil {
		return Preferences{}, nil
	}
	p.dropInvalid()
	return p, nil
}

// CheckLanguage returns a *FieldError unless v is one that Share Zone speaks, or "" for none.
func CheckLanguage(v string) error {
	switch text.Language(v) {
	case "", text.Italian, text.English:
		return nil
	}
	return &FieldError{"language", BadForm}
}
