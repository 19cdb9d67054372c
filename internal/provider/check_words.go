package provider

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/twcloud"
)

// What the server tells is shown only if it looks as it should.
var (
	versionLike   = regexp.MustCompile(`^[0-9][0-9A-Za-z .+-]{0,40}$`)
	realmLike     = regexp.MustCompile(`^[0-9A-Za-z_-]{1,20}$`)
	mediaTypeLike = regexp.MustCompile(`^[a-z]+/[0-9a-z.+-]+$`)
)

func (r *checkReport) describeSurvey(survey twcloud.Survey) string {
	shape := r.clean(survey.Shape)
	switch {
	case survey.WebPage:
		shape = "a web page"
	case shape == "":
		shape = "no JSON"
	}
	mediaType, _, _ := strings.Cut(survey.ContentType, ";")
	if mediaType = strings.ToLower(strings.TrimSpace(mediaType)); !mediaTypeLike.MatchString(mediaType) {
		mediaType = "no media type"
	}
	return fmt.Sprintf("status %d, %s, %s", survey.Status, mediaType, shape)
}

// describeFailure says what went wrong in the provider's own words: those of the
// server, and of the errors below, name hosts and users.
func describeFailure(err error) string {
	var kinds []string
	for _, known := range advice {
		if errors.Is(err, known.kind) {
			kinds = append(kinds, known.kind.Error())
		}
	}
	if errors.Is(err, twcloud.ErrPanic) {
		kinds = append(kinds, twcloud.ErrPanic.Error())
	}
	text := cmp.Or(strings.Join(kinds, "; "), "it failed")
	var failure *twcloud.Error
	if errors.As(err, &failure) && failure.Status != 0 {
		text += fmt.Sprintf(" (status %d)", failure.Status)
	}
	return text
}

// aboutProfile says whether an error can mean that the server differs from the API
// profile.
func aboutProfile(err error) bool {
	return !slices.ContainsFunc([]error{
		twcloud.ErrForbidden, twcloud.ErrSession, twcloud.ErrServer, twcloud.ErrTooManyRequests,
		twcloud.ErrCanceled, twcloud.ErrClosed, twcloud.ErrPanic,
	}, func(kind error) bool { return errors.Is(err, kind) })
}

// partOf returns the part of the API profile that an error is about, and what the
// server has in place of it.
func (r *checkReport) partOf(err error) (part, found string) {
	causes := []error{err}
	var registration *twcloud.RegistrationError
	if errors.As(err, &registration) {
		causes = []error{registration.Cause, registration.Look}
	}
	for _, cause := range causes {
		var failure *twcloud.Error
		if errors.As(cause, &failure) && !failure.Login && failure.Part != "" {
			return failure.Part, r.found(failure)
		}
	}
	return "", ""
}

// found is what an answer has in place of what it should have; empty where that
// may tell of consumers that the check has not registered. What the list has, the
// finding about its form tells.
func (r *checkReport) found(failure *twcloud.Error) string {
	if failure.Found == "" || strings.HasPrefix(failure.Part, "calls.list") {
		return ""
	}
	for text := range r.others {
		if text != "" && strings.Contains(failure.Found, text) {
			return ""
		}
	}
	return ": " + r.clean(failure.Found)
}

// adviceInCheck is what to do about an error of a check: the advice of diagnostics,
// where it is about the connection and not about what Terraform does.
func adviceInCheck(err error) string {
	for _, kind := range []error{
		twcloud.ErrCanceled, twcloud.ErrClosed, twcloud.ErrNotFound, twcloud.ErrNotApplied, twcloud.ErrInvalid,
		twcloud.ErrConflict, twcloud.ErrSecretNeeded, twcloud.ErrNotUnderstood, twcloud.ErrUnsupported,
	} {
		if errors.Is(err, kind) {
			// The sign-in can be malformed, too, and has an advice of its own.
			var failure *twcloud.Error
			if errors.As(err, &failure) && failure.Login && !errors.Is(err, twcloud.ErrCanceled) {
				break
			}
			return ""
		}
	}
	text := strings.TrimSpace(strings.TrimSuffix(adviceFor(err), whenDiffers))
	return strings.ReplaceAll(text, "apply again", "run the check again")
}
