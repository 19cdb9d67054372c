package twcloud

import "net/http"

// limit lets so many requests through at a time; the others wait until a slot
// is free or their context ends.
type limit struct {
	next  http.RoundTripper
	slots chan struct{}
}

func newLimit(next http.RoundTripper, slots int) *limit {
	return &limit{next: next, slots: make(chan struct{}, slots)}
}

func (l *limit) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-l.slots }()
	// Both may have been ready.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return l.next.RoundTrip(request)
}
