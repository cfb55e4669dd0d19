// DevIdentityProvider arrives here.
