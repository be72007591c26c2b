using System.Globalization;

namespace Loggregator.Client;

/// <summary>Names an envelope for as long as a Doppler holds it: the same however often it is sent, so that a receiver can drop what comes again.</summary>
/// <param name="Doppler">Instance id of the Doppler that holds it.</param>
/// <param name="Incarnation">The run of that Doppler, drawn at each start.</param>
/// <param name="Position">Place in its log; grows from one envelope to the next.</param>
public readonly record struct EnvelopeId(string Doppler, ulong Incarnation, ulong Position)
{
    /// <summary>The id as our sinks write it: <c>doppler/incarnation/position</c>, the incarnation as 16 hexadecimal digits.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Doppler}/{Incarnation:x16}/{Position}");
}
