// Package text is what Share Zone says to people, in Italian and English, and how it writes numbers, dates and names.
//
// MUST rules of this folder:
//   - every key stands in both catalogues with the same arguments in the same order (a test compares them);
//   - a sentence for users tells what happened and what to do next, without paths of the machine;
//   - a name that somebody chose goes through Name before it is given to Say.
package text

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// Language is one that Share Zone speaks.
type Language string

const (
	Italian Language = "it"
	English Language = "en"
)

// Languages are all of them.
var Languages = []Language{Italian, English}

// Pick returns the language for a request: explicit ("it" or "en", from a link or cookie) where it is one of ours,
// else the better liked of the two by an Accept-Language header, else Italian, the language of "/".
func Pick(explicit, acceptLanguage string) Language {
	switch l := Language(explicit); l {
	case Italian, English:
		return l
	}
	italian, english := preferences(acceptLanguage)
	if english.better(italian) {
		return English
	}
	return Italian
}

// preference is how much a client likes one language.
type preference struct {
	quality float64 // 0 to 1; 0 = not acceptable or not named
	place   int     // where the header names it
}

// better reports whether p is liked more than q. Equal qualities go by their order: RFC 9110 gives it no meaning,
// but browsers list the preferred language first.
func (p preference) better(q preference) bool {
	if p.quality != q.quality {
		return p.quality > q.quality
	}
	return p.quality > 0 && p.place < q.place
}

// preferences reads an Accept-Language header (RFC 9110, 12.5.4). "it-CH" counts as Italian; "*" stands for what is
// not named. A range that cannot be read is passed over.
func preferences(header string) (italian, english preference) {
	ranges := strings.Split(header, ",")
	last := len(ranges)
	found := map[string]preference{}
	for place, field := range ranges {
		tag, parameter, _ := strings.Cut(field, ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		quality, ok := parseQuality(parameter)
		if !ok || primary == "" {
			continue
		}
		if before, named := found[primary]; !named || quality > before.quality {
			found[primary] = preference{quality, place}
		}
	}
	of := func(l Language) preference {
		if p, named := found[string(l)]; named {
			return p
		}
		return preference{found["*"].quality, last}
	}
	return of(Italian), of(English)
}

// parseQuality reads the weight of a range: "" or "q=0.8".
func parseQuality(parameter string) (float64, bool) {
	parameter = strings.TrimSpace(parameter)
	if parameter == "" {
		return 1, true
	}
	name, value, found := strings.Cut(parameter, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 0, false
	}
	quality, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return quality, err == nil && quality >= 0 && quality <= 1 // also false for NaN
}

// Say returns the sentence of that key. A key that does not exist comes back in brackets: a test finds it before a
// user does, and a page with one odd word is better than none.
func (l Language) Say(key string, args ...any) string {
	sentence, ok := l.catalogue().find(key)
	if !ok {
		return "[" + key + "]"
	}
	if len(args) == 0 {
		return sentence
	}
	return fmt.Sprintf(sentence, args...)
}

// Knows reports whether there is a sentence of that key.
func (l Language) Knows(key string) bool {
	_, ok := l.catalogue().find(key)
	return ok
}

// Count returns the sentence of key+".one" or key+".other". Its first argument is n, as Number writes it.
func (l Language) Count(key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return l.Say(key+form, append([]any{l.Number(int64(n))}, args...)...)
}

// Other returns the language that a page offers to change to.
func (l Language) Other() Language {
	if l == English {
		return Italian
	}
	return English
}

// catalogue is what is said in one language, in parts by subject. A part is made when a key is first looked for in it: most programs live for
// one request, which needs one language and few of them, or none. What is said most often stands first: a key is looked for in one part after the other.
type catalogue []func() map[string]string

// The two catalogues.
var (
	italian = parts(italianPages, italianZones, italianUsers, italianMail, italianUploads, italianActivity, italianTrash, italianFactor, italianSignup)
	english = parts(englishPages, englishZones, englishUsers, englishMail, englishUploads, englishActivity, englishTrash, englishFactor, englishSignup)
)

func parts(all ...func() map[string]string) (c catalogue) {
	for _, part := range all {
		c = append(c, sync.OnceValue(part))
	}
	return c
}

func (c catalogue) find(key string) (sentence string, ok bool) {
	for _, part := range c {
		if sentence, ok = part()[key]; ok {
			break
		}
	}
	return sentence, ok
}

// catalogue treats an unset language as Italian.
func (l Language) catalogue() catalogue {
	if l == English {
		return english
	}
	return italian
}
