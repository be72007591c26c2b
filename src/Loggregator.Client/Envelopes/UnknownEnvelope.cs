namespace Loggregator.Client;

/// <summary>An envelope without content, or with one that this library does not know.</summary>
public sealed class UnknownEnvelope : Envelope;
