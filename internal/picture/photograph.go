package picture

import (
	"bufio"
	"encoding/binary"
	"image"
	"io"
)

// photograph is what a JPEG says before its picture begins.
type photograph struct {
	turn        int  // how it was held, as Exif says: 1 is upright
	progressive bool // it comes in passes, and is kept as coefficients of 4 bytes until the last one
	samples     int  // for each block of area pixels, of all colours
	area        int
}

// perPixel is how many bytes of memory decoding takes for each pixel, at most.
func (p photograph) perPixel() int64 {
	samples, area := int64(p.samples), int64(p.area)
	if samples == 0 || area == 0 {
		samples, area = 4, 1
	}
	mixed := int64(0)
	if samples >= 4*area { // four colours are mixed into a picture of their own
		mixed = 4
	}
	if p.progressive {
		samples *= 5
	}
	return (samples+area-1)/area + mixed
}

// readPhotograph reads the segments before the picture (ITU-T T.81, B.1.1.4). What it does not understand it leaves to the decoder to
// refuse.
func readPhotograph(r *bufio.Reader) photograph {
	p := photograph{turn: 1}
	r.Discard(2)
	for {
		var head [4]byte
		if _, err := io.ReadFull(r, head[:2]); err != nil || head[0] != 0xff {
			return p
		}
		if head[1] == 0xff { // fill
			r.UnreadByte()
			continue
		}
		marker := head[1]
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 { // they stand alone
			continue
		}
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return p
		}
		length := int(binary.BigEndian.Uint16(head[2:])) - 2
		if length < 0 || marker == 0xda || marker == 0xd9 {
			return p
		}
		segment := make([]byte, length)
		if _, err := io.ReadFull(r, segment); err != nil {
			return p
		}
		switch marker {
		case 0xe1:
			if turn := orientation(segment); turn != 0 {
				p.turn = turn
			}
		case 0xc0, 0xc1, 0xc2:
			p.frame(segment, marker == 0xc2)
		}
	}
}

// frame reads a frame's header: of each colour, how many samples there are in a block.
func (p *photograph) frame(segment []byte, progressive bool) {
	p.progressive = progressive
	if len(segment) < 6 {
		return
	}
	wide, high := 1, 1
	for i := 7; i < len(segment) && i < 6+3*int(segment[5]); i += 3 {
		h, v := int(segment[i]>>4), int(segment[i]&15)
		p.samples += h * v
		wide, high = max(wide, h), max(high, v)
	}
	p.area = wide * high
}

// orientation is what an Exif segment says of how the picture was held; 0 if it says nothing (CIPA DC-008, 4.6.5.1).
func orientation(segment []byte) int {
	const name = "Exif\x00\x00"
	if len(segment) < len(name)+8 || string(segment[:len(name)]) != name {
		return 0
	}
	tiff := segment[len(name):]
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[at:]
	count := int(order.Uint16(entries))
	entries = entries[2:]
	for ; count > 0 && len(entries) >= 12; count, entries = count-1, entries[12:] {
		const tag, short = 0x0112, 3
		if order.Uint16(entries) != tag {
			continue
		}
		turn := int(order.Uint16(entries[8:]))
		if order.Uint16(entries[2:]) != short || order.Uint32(entries[4:]) != 1 || turn < 1 || turn > 8 {
			return 0
		}
		return turn
	}
	return 0
}

// turned is the picture as it was seen when it was taken.
func turned(from *image.NRGBA, turn int) *image.NRGBA {
	if turn == 1 {
		return from
	}
	w, h := from.Bounds().Dx(), from.Bounds().Dy()
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	if turn >= 5 {
		to = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range to.Bounds().Dy() {
		for x := range to.Bounds().Dx() {
			at := [...]image.Point{ // by turn, 2 to 8
				{w - 1 - x, y}, {w - 1 - x, h - 1 - y}, {x, h - 1 - y}, {y, x}, {y, h - 1 - x}, {w - 1 - y, h - 1 - x}, {w - 1 - y, x},
			}[turn-2]
			to.SetNRGBA(x, y, from.NRGBAAt(at.X, at.Y))
		}
	}
	return to
}
