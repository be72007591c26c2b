using System.Globalization;
using System.Text;
using Loggregator.Nozzle.Spool;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Tests.Nozzle.Spool;

/// <summary>An envelope that came out of a spool: a numbered line, or a gap.</summary>
internal sealed record Received(string Source, int Number, long Lost, string Reason, bool UpperBound, string Doppler, ulong Position)
{
    public bool IsGap => Lost > 0;

    public static Received Of(SpoolRecord record)
    {
        var envelope = record.Envelope.Span;
        if (!RawEnvelope.TryRead(envelope, out var header))
        {
            throw new InvalidDataException("An envelope came back that is none.");
        }

        var source = Encoding.UTF8.GetString(header.SourceId.Of(envelope));
        if (GapRecord.TryRead(envelope, header, out var gap))
        {
            return new Received(source, -1, (long)gap.Count, $"{Encoding.UTF8.GetString(gap.Hop)}/{Encoding.UTF8.GetString(gap.Reason)}", gap.UpperBound, record.Doppler.Id, record.Position);
        }

        var number = int.Parse(Encoding.UTF8.GetString(EnvelopeReader.LogPayload(envelope, header)).Trim(), CultureInfo.InvariantCulture);
        return new Received(source, number, 0, "", false, record.Doppler.Id, record.Position);
    }
}
