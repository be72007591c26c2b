using System.Globalization;

namespace Loggregator.Protocol.Envelopes;

/// <summary>The value of a deprecated tag: the last member of its oneof that is on the wire, or none.</summary>
internal readonly ref struct TagValue
{
    private readonly ulong _number;

    /// <summary>Reads the content of a <c>Value</c> message.</summary>
    public TagValue(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Fields.ValueText:
                    Text = fields.Bytes;
                    Member = fields.Tag;
                    break;
                case Fields.ValueInteger or Fields.ValueDecimal:
                    _number = fields.Number;
                    Member = fields.Tag;
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>The wire tag of the member that is set, 0 where none is.</summary>
    public uint Member { get; }

    /// <summary>The text, where that member is set.</summary>
    public ReadOnlySpan<byte> Text { get; }

    /// <summary>The integer, where that member is set.</summary>
    public long Integer => (long)_number;

    /// <summary>The decimal, where that member is set.</summary>
    public double Decimal => BitConverter.UInt64BitsToDouble(_number);

    /// <summary>The value as text, as it is or written into <paramref name="scratch"/> of at least <see cref="FloatText.MaxLength"/> bytes.</summary>
    public ReadOnlySpan<byte> ToText(Span<byte> scratch, bool plainDecimals)
    {
        switch (Member)
        {
            case Fields.ValueInteger:
                Integer.TryFormat(scratch, out var length, default, CultureInfo.InvariantCulture);
                return scratch[..length];
            case Fields.ValueDecimal:
                length = plainDecimals ? FloatText.WritePlain(scratch, Decimal) : FloatText.WriteGeneral(scratch, Decimal);
                return scratch[..length];
            default:
                return Text;
        }
    }

    /// <summary>As <see cref="ToText"/>, with six digits behind a decimal's point.</summary>
    public ReadOnlySpan<byte> ToFixedText(Span<byte> scratch) =>
        Member == Fields.ValueDecimal ? scratch[..FloatText.WriteFixed(scratch, Decimal)] : ToText(scratch, plainDecimals: false);
}
