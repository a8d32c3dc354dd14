package zone

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"sync"
)

// Consent is what somebody who changes a zone agrees to: that people are put out of it, or get more by their groups than they have. The empty one
// is to nothing: then he is asked, by a *PutsOutError or a *GainsError.
type Consent string

// Whatever is to all of it, whoever it may be.
const Whatever Consent = "1"

// ConsentTo is to what a refusal named, and to nothing else: who was told of some people puts no others out, who came to it meanwhile.
func ConsentTo(out []Member, gains []Still) Consent {
	b, _ := json.Marshal(struct {
		Out   []Member
		Gains []Still
	}{append([]Member{}, out...), append([]Still{}, gains...)}) // cannot fail
	sum := sha256.Sum256(b)
	return Consent(hex.EncodeToString(sum[:8]))
}

var consentForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(1|[0-9a-f]{16})?$`) })

// Valid says whether it has the form of one.
func (c Consent) Valid() bool { return consentForm().MatchString(string(c)) }

// covers says whether a refusal, or nil, needs no more than that.
func (c Consent) covers(err error) bool {
	var out *PutsOutError
	var gains *GainsError
	switch {
	case errors.As(err, &out):
		return c == Whatever || c == ConsentTo(out.Members, out.Gains)
	case errors.As(err, &gains):
		return c == Whatever || c == ConsentTo(nil, gains.Still)
	}
	return err == nil
}
