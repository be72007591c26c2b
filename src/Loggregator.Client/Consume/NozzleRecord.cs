namespace Loggregator.Client;

/// <summary>An envelope of an acknowledged group.</summary>
/// <param name="Id">Its name, by which a receiver drops what comes again.</param>
/// <param name="Envelope">The envelope.</param>
public readonly record struct NozzleRecord(EnvelopeId Id, Envelope Envelope);
