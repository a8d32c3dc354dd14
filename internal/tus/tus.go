// Package tus reads and writes the headers of the protocol for resumable uploads, tus 1.0 (https://tus.io/protocols/resumable-upload).
// It knows texts alone: what is stored where is the zone's matter, what is answered the handler's.
package tus

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"strconv"
	"strings"
)

// Version is the only one spoken.
const Version = "1.0.0"

// Extensions are those spoken, Algorithms those of the extension checksum; sha1 is the one that each server must have.
const (
	Extensions = "creation,creation-with-upload,termination,expiration,checksum"
	Algorithms = "sha1,sha256"
)

// ContentType is that of bytes for an upload.
const ContentType = "application/offset+octet-stream"

// maxMetadata bounds Upload-Metadata, in bytes: it is kept with the upload, in an extended attribute of which ext4 has
// 4 KiB together with the access lists. A name of 255 bytes takes 340.
const maxMetadata = 1500

// ErrAlgorithm says that a checksum is of none of the Algorithms; the protocol has this told from a wrong form.
var ErrAlgorithm = errors.New("no such checksum algorithm")

// ParseSize reads Upload-Length or Upload-Offset: decimal digits, nothing else.
func ParseSize(text string) (int64, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, fmt.Errorf("%q is no size", text)
	}
	return strconv.ParseInt(text, 10, 64)
}

// ParseMetadata reads Upload-Metadata: pairs of a key and a value in base64, a blank between, commas after. A value may be
// empty, then also without the blank.
func ParseMetadata(text string) (map[string]string, error) {
	pairs := make(map[string]string)
	if text == "" {
		return pairs, nil
	}
	if len(text) > maxMetadata {
		return nil, fmt.Errorf("Upload-Metadata of %d bytes", len(text))
	}
	for _, pair := range strings.Split(text, ",") {
		key, coded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key == "" || strings.ContainsFunc(key, func(c rune) bool { return c < '!' || c > '~' }) {
			return nil, fmt.Errorf("key %q in Upload-Metadata", key)
		}
		if _, twice := pairs[key]; twice {
			return nil, fmt.Errorf("key %q twice in Upload-Metadata", key)
		}
		value, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(coded))
		if err != nil {
			return nil, fmt.Errorf("value of %q in Upload-Metadata: %w", key, err)
		}
		pairs[key] = string(value)
	}
	return pairs, nil
}

// Checksum is what the bytes of one request must have.
type Checksum struct {
	hash.Hash
	want string
}

// ParseChecksum reads Upload-Checksum: the algorithm, a blank, the sum in base64.
func ParseChecksum(text string) (*Checksum, error) {
	algorithm, coded, _ := strings.Cut(text, " ")
	c := &Checksum{}
	switch algorithm {
	case "sha1":
		c.Hash = sha1.New()
	case "sha256":
		c.Hash = sha256.New()
	default:
		return nil, ErrAlgorithm
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(coded)
	if err != nil || len(sum) != c.Size() {
		return nil, fmt.Errorf("Upload-Checksum %q", text)
	}
	c.want = string(sum)
	return c, nil
}

// Right says whether what was written has the sum.
func (c *Checksum) Right() bool { return string(c.Sum(nil)) == c.want }

// Location is where an upload goes on: the folder's address, with its id.
func Location(folder, id string) string { return folder + "?" + url.Values{"upload": {id}}.Encode() }
