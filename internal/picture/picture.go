// Package picture makes small pictures of large ones. What it reads was brought by others: how large a picture says it is, is looked at
// before anything of it is decoded.
//
// MUST rules of this folder:
//   - nothing is decoded whose memory has not been reckoned;
//   - what goes out was drawn here: no byte of the file itself, and nothing that it says of where and by whom it was taken.
package picture

import (
	"bufio"
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	maxFile   = 64 << 20  // bytes that are read of a file
	maxMemory = 256 << 20 // bytes that decoding may take; a photograph of 50 megapixels takes 75 MiB
	webpTrees = 140 << 20 // bytes: 2,600 groups of Huffman trees, whatever the size of a lossless WebP
	quality   = 80        // of JPEG, in percent
)

var (
	// ErrFormat: it is no picture of a kind that is known here, or a damaged one.
	ErrFormat = errors.New("no picture, or a damaged one")
	// ErrTooLarge: to decode it would take too much memory.
	ErrTooLarge = errors.New("a picture too large to be decoded")
)

// formats are known by how they begin.
var formats = []struct {
	magic  string
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"GIF8", gif.DecodeConfig, gif.Decode}, // the first of its pictures
	{"RIFF", webp.DecodeConfig, webp.Decode},
}

// Thumbnail is the picture in the file, upright and in at most side times side pixels, and its media type: JPEG, or PNG where something shows
// through. It is never more than half as wide and high as the picture: who has it has not got the picture.
func Thumbnail(file io.ReaderAt, side int) ([]byte, string, error) {
	section := func() *bufio.Reader { return bufio.NewReader(io.NewSectionReader(file, 0, maxFile)) }
	head, _ := section().Peek(32)
	for _, f := range formats {
		if !bytes.HasPrefix(head, []byte(f.magic)) {
			continue
		}
		config, err := f.config(section())
		if err != nil || config.Width < 1 || config.Height < 1 {
			return nil, "", errors.Join(ErrFormat, err)
		}
		photo := photograph{turn: 1}
		if f.magic[0] == 0xff {
			photo = readPhotograph(section())
		}
		if tooLarge(head, config, photo) {
			return nil, "", ErrTooLarge
		}
		picture, err := f.decode(section())
		if err != nil {
			return nil, "", errors.Join(ErrFormat, err)
		}
		half := (max(config.Width, config.Height) + 1) / 2
		return encode(turned(shrunk(picture, min(side, half)), photo.turn))
	}
	return nil, "", ErrFormat
}

// tooLarge says whether decoding takes more than maxMemory. A JPEG is decoded in blocks of up to 32 pixels.
func tooLarge(head []byte, c image.Config, photo photograph) bool {
	width, height := (int64(c.Width)+31)&^31, (int64(c.Height)+31)&^31
	apart := int64(0)
	if head[0] == 'R' {
		apart = webpTrees
	}
	return width > maxMemory/height || width*height*perPixel(head, c, photo) > maxMemory-apart
}

// perPixel is how many bytes of memory decoding takes for each pixel, at most. What image/png and image/gif say of a picture before they
// decode it is not what they make of it: one that is gray may become one of colours, with something that shows through.
func perPixel(head []byte, c image.Config, photo photograph) int64 {
	switch head[0] {
	case 0xff:
		return photo.perPixel()
	case 'R':
		if c.ColorModel == color.NYCbCrAModel { // the alpha is a picture of its own at first
			return 16
		}
		return 8 // one that says nothing of alpha may be a lossless one all the same
	case 'G':
		return 2 // its lines may come in passes
	}
	const depth, kind, passes, paletted = 24, 25, 28, 3 // of a PNG's head (RFC 2083, 4.1.1)
	n := int64(4)
	switch {
	case head[kind] == paletted:
		n = 1
	case head[depth] == 16:
		n = 8
	}
	if head[passes] != 0 {
		n *= 2
	}
	return n
}

// shrunk is the picture with its longer side no longer than side. Most of the way goes by samples, the rest by a good filter: that is
// four hundred times faster than the filter alone.
func shrunk(from image.Image, side int) *image.NRGBA {
	width, height := fit(from.Bounds().Dx(), from.Bounds().Dy(), side)
	if between, high := fit(from.Bounds().Dx(), from.Bounds().Dy(), 3*side); between > width || high > height {
		half := image.NewRGBA(image.Rect(0, 0, between, high))
		draw.ApproxBiLinear.Scale(half, half.Bounds(), from, from.Bounds(), draw.Src, nil)
		from = half
	}
	to := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
	return to
}

func fit(width, height, side int) (int, int) {
	switch {
	case width <= side && height <= side:
		return width, height
	case width >= height:
		return side, max(1, height*side/width)
	}
	return max(1, width*side/height), side
}

func encode(m *image.NRGBA) ([]byte, string, error) {
	var out bytes.Buffer
	if m.Opaque() {
		err := jpeg.Encode(&out, m, &jpeg.Options{Quality: quality})
		return out.Bytes(), "image/jpeg", err
	}
	err := png.Encode(&out, m)
	return out.Bytes(), "image/png", err
}
