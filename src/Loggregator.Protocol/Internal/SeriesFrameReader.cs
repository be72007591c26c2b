using System.Buffers.Binary;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.Internal;

/// <summary>
/// Walks the series of a SeriesFrame in its bytes, without the generated class. What is malformed ends the walk. The current series' tags are read by a
/// <see cref="TagReader"/> over <see cref="Current"/>.
/// </summary>
public ref struct SeriesFrameReader(ReadOnlySpan<byte> frame)
{
    private const uint SeriesTag = 10, NameTag = 10, KindTag = 24, UnitTag = 34, TimeSteps = 42, Values = 50, ContinuesTag = 56, DerivedTag = 80;
    private FieldReader _frame = new(frame);
    private ReadOnlySpan<byte> _steps;
    private ReadOnlySpan<byte> _values;

    /// <summary>The bytes were no frame, or those of a series none.</summary>
    public bool Malformed { get; private set; }

    /// <summary>The bytes of the series.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>As it was sent, UTF-8.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> SourceId { get; private set; }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> InstanceId { get; private set; }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Unit { get; private set; }

    /// <summary>What it is.</summary>
    public SeriesSamples.Types.Kind Kind { get; private set; }

    /// <summary>These are more samples of the series before.</summary>
    public bool Continues { get; private set; }

    /// <summary>Series of several Dopplers add up.</summary>
    public bool Derived { get; private set; }

    /// <summary>How many samples are here.</summary>
    public readonly int SampleCount => _values.Length / sizeof(double);

    /// <summary>Steps to the next series.</summary>
    public bool MoveNext()
    {
        while (!Malformed && _frame.MoveNext())
        {
            if (_frame.Tag == SeriesTag)
            {
                Read(_frame.Bytes);
                return !Malformed;
            }
        }

        Malformed |= _frame.Malformed;
        return false;
    }

    /// <summary>Reads the samples.</summary>
    /// <param name="times">UNIX milliseconds; room for <see cref="SampleCount"/>.</param>
    /// <param name="values">As many.</param>
    /// <returns>False where there are not as many times as values.</returns>
    public readonly bool TryReadSamples(Span<long> times, Span<double> values)
    {
        var at = 0;
        var time = 0L;
        for (var i = 0; i < SampleCount; i++)
        {
            if (!TryVarint(_steps, ref at, out var step))
            {
                return false;
            }

            time += (long)(step >> 1) ^ -(long)(step & 1);
            (times[i], values[i]) = (time, BinaryPrimitives.ReadDoubleLittleEndian(_values[(i * sizeof(double))..]));
        }

        return at == _steps.Length;
    }

    private static bool TryVarint(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            var next = bytes[at++];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private void Read(ReadOnlySpan<byte> series)
    {
        Current = series;
        Name = SourceId = InstanceId = Unit = _steps = _values = default;
        (Kind, Continues, Derived) = (default, false, false);
        var fields = new FieldReader(series);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case NameTag:
                    Name = fields.Bytes;
                    break;
                case Fields.SourceId:
                    SourceId = fields.Bytes;
                    break;
                case Fields.InstanceId:
                    InstanceId = fields.Bytes;
                    break;
                case UnitTag:
                    Unit = fields.Bytes;
                    break;
                case KindTag:
                    Kind = (SeriesSamples.Types.Kind)fields.Number;
                    break;
                case ContinuesTag:
                    Continues = fields.Number != 0;
                    break;
                case DerivedTag:
                    Derived = fields.Number != 0;
                    break;
                case TimeSteps:
                    _steps = fields.Bytes;
                    break;
                case Values:
                    _values = fields.Bytes;
                    break;
            }
        }

        Malformed = fields.Malformed || _values.Length % sizeof(double) != 0;
    }
}
