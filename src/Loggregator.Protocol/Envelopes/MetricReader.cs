using System.Buffers.Binary;

namespace Loggregator.Protocol.Envelopes;

/// <summary>Walks the metrics of a gauge as they are on the wire: a name may come again, and then the last one counts.</summary>
public ref struct MetricReader
{
    private const byte MaxUsualLength = 127; // a varint of one byte
    private PayloadReader _payloads;
    private FieldReader _fields;

    /// <summary>Starts before the first metric of an envelope whose type is <see cref="EnvelopeType.Gauge"/>.</summary>
    public MetricReader(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header) => _payloads = new PayloadReader(envelope, header);

    /// <summary>UTF-8 name; empty where the entry has none.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>UTF-8 unit.</summary>
    public ReadOnlySpan<byte> Unit { get; private set; }

    /// <summary>The value.</summary>
    public double Value { get; private set; }

    /// <summary>Steps to the next metric.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            while (_fields.MoveNext())
            {
                if (_fields.Tag == Fields.GaugeMetrics)
                {
                    ReadEntry(_fields.Bytes);
                    return true;
                }
            }

            if (!_payloads.MoveNext())
            {
                return false;
            }

            _fields = new FieldReader(_payloads.Current);
        }
    }

    internal static void ReadValue(ReadOnlySpan<byte> gaugeValue, out ReadOnlySpan<byte> unit, out double value)
    {
        unit = default;
        value = 0;
        var fields = new FieldReader(gaugeValue);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Fields.GaugeUnit:
                    unit = fields.Bytes;
                    break;
                case Fields.GaugeNumber:
                    value = BitConverter.UInt64BitsToDouble(fields.Number);
                    break;
                default:
                    break;
            }
        }
    }

    // As encoders write it: name, then value, of this the unit if there is one, then the number, and no length above 127.
    private bool TryReadUsual(ReadOnlySpan<byte> entry)
    {
        if (entry.Length < 2 || entry[0] != Fields.Key || entry[1] > MaxUsualLength)
        {
            return false;
        }

        var at = 2 + entry[1];
        if (entry.Length < at + 2 || entry[at] != Fields.Value || entry[at + 1] > MaxUsualLength || entry[at + 1] != entry.Length - at - 2)
        {
            return false;
        }

        var value = entry[(at + 2)..];
        var number = 0;
        if (value.Length >= 2 && value[0] == Fields.GaugeUnit && value[1] <= MaxUsualLength)
        {
            number = 2 + value[1];
        }

        if (value.Length != number + 1 + sizeof(double) || value[number] != Fields.GaugeNumber)
        {
            return false;
        }

        Name = entry[2..at];
        Unit = number == 0 ? default : value[2..number];
        Value = BinaryPrimitives.ReadDoubleLittleEndian(value[(number + 1)..]);
        return true;
    }

    private void ReadEntry(ReadOnlySpan<byte> entry)
    {
        if (TryReadUsual(entry))
        {
            return;
        }

        Name = default;
        ReadOnlySpan<byte> content = default;
        var fields = new FieldReader(entry);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Fields.Key:
                    Name = fields.Bytes;
                    break;
                case Fields.Value:
                    content = fields.Bytes;
                    break;
                default:
                    break;
            }
        }

        ReadValue(content, out var unit, out var value);
        Unit = unit;
        Value = value;
    }
}
