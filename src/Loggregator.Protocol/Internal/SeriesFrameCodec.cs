using System.Buffers;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Internal;

/// <summary>Writes the series of a SeriesFrame piece by piece into a buffer, without the generated class.</summary>
public static class SeriesFrameCodec
{
    private const uint SeriesTag = 10, Name = 10, Kind = 24, Unit = 34, TimeSteps = 42, Values = 50, Continues = 56, Derived = 80;

    /// <summary>Writes a series.</summary>
    /// <param name="writer">The frame.</param>
    /// <param name="identity">Its source id, instance id and tags, see <see cref="EnvelopeIdentity"/>.</param>
    /// <param name="name">UTF-8.</param>
    /// <param name="unit">UTF-8.</param>
    /// <param name="kind">As the protocol numbers it.</param>
    /// <param name="derived">Whether it was made here.</param>
    /// <param name="times">UNIX milliseconds, ascending.</param>
    /// <param name="values">As many.</param>
    public static void Write(
        IBufferWriter<byte> writer,
        ReadOnlySpan<byte> identity,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> unit,
        SeriesSamples.Types.Kind kind,
        bool derived,
        ReadOnlySpan<long> times,
        ReadOnlySpan<double> values)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var steps = StepsLength(times);
        var content = identity.Length + WireWriter.TextLength(Name, name) + WireWriter.NumberLength(Kind, (ulong)kind) + WireWriter.TextLength(Unit, unit)
            + WireWriter.NumberLength(Derived, derived ? 1u : 0) + SamplesLength(steps, values.Length);
        var wire = new WireWriter(writer.GetSpan(WireWriter.FieldLength(SeriesTag, content)));
        wire.Header(SeriesTag, content);
        wire.Raw(identity);
        wire.Text(Name, name);
        wire.Number(Kind, (ulong)kind);
        wire.Text(Unit, unit);
        wire.Number(Derived, derived ? 1u : 0);
        WriteSamples(ref wire, steps, times, values);
        wire.CommitTo(writer);
    }

    /// <summary>Writes more samples of the series that was written last.</summary>
    public static void WriteMore(IBufferWriter<byte> writer, ReadOnlySpan<long> times, ReadOnlySpan<double> values)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var steps = StepsLength(times);
        var content = WireWriter.NumberLength(Continues, 1) + SamplesLength(steps, values.Length);
        var wire = new WireWriter(writer.GetSpan(WireWriter.FieldLength(SeriesTag, content)));
        wire.Header(SeriesTag, content);
        wire.Number(Continues, 1);
        WriteSamples(ref wire, steps, times, values);
        wire.CommitTo(writer);
    }

    private static int SamplesLength(int steps, int count) =>
        count == 0 ? 0 : WireWriter.FieldLength(TimeSteps, steps) + WireWriter.FieldLength(Values, count * sizeof(double));

    private static int StepsLength(ReadOnlySpan<long> times)
    {
        var length = 0;
        var before = 0L;
        foreach (var time in times)
        {
            length += WireWriter.VarintLength(ZigZag(time - before));
            before = time;
        }

        return length;
    }

    private static void WriteSamples(ref WireWriter wire, int steps, ReadOnlySpan<long> times, ReadOnlySpan<double> values)
    {
        if (times.IsEmpty)
        {
            return;
        }

        wire.Header(TimeSteps, steps);
        var before = 0L;
        foreach (var time in times)
        {
            wire.Varint(ZigZag(time - before));
            before = time;
        }

        wire.Header(Values, values.Length * sizeof(double));
        foreach (var value in values)
        {
            wire.Fixed64(BitConverter.DoubleToUInt64Bits(value));
        }
    }

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));
}
