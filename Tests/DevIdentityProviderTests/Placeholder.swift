// Tests of DevIdentityProvider.
