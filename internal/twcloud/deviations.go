package twcloud

import (
	"errors"
	"slices"
)

// Deviation is an answer that differs from the API profile. The client may have
// handled it.
type Deviation struct {
	// Part is the part of the profile, such as "calls.update.success".
	Part string
	// Err is why an answer is unreadable. It is nil if only the status differs.
	Err *Error
	// Status is that of the answer.
	Status int
}

// maxDeviations limits what is kept. One of each kind is enough.
const maxDeviations = 100

// Deviations returns how answers differed from the API profile so far, each
// part and status once, in order.
func (c *Client) Deviations() []Deviation {
	c.evidence.mu.Lock()
	defer c.evidence.mu.Unlock()
	return slices.Clone(c.evidence.deviations)
}

// noteStatus notes a status that may mean success but is not in the profile.
func (e *evidence) noteStatus(a *answer) {
	e.noteDeviation(Deviation{Part: partOf(a.call) + ".success", Status: a.StatusCode})
}

// noteAnswer notes an answer that could not be read.
func (e *evidence) noteAnswer(err error) {
	var failure *Error
	if errors.As(err, &failure) && failure.Part != "" && (errors.Is(err, ErrUnreadable) || errors.Is(err, ErrWebPage)) {
		e.noteDeviation(Deviation{Part: failure.Part, Err: failure, Status: failure.Status})
	}
}

func (e *evidence) noteDeviation(deviation Deviation) {
	e.mu.Lock()
	defer e.mu.Unlock()
	known := slices.ContainsFunc(e.deviations, func(other Deviation) bool {
		return other.Part == deviation.Part && other.Status == deviation.Status
	})
	if !known && len(e.deviations) < maxDeviations {
		e.deviations = append(e.deviations, deviation)
	}
}

// Profile returns the API profile of the client. Do not change it.
func (c *Client) Profile() *Profile { return c.profile }

// PartFor returns the part of the profile with the call for the changes, or
// with the first of several calls. It is empty if there is none.
func (c *Client) PartFor(changes Changes) string {
	steps, err := c.steps(changes)
	if err != nil || len(steps) == 0 {
		return ""
	}
	return partOf(steps[0])
}
