namespace Loggregator.PromQl.Syntax;

/// <summary>Finds the end of a number (decimal, hexadecimal, with underscores and exponent) or duration; whether it has a value is the parser's affair.</summary>
internal struct NumberScan(string input, int start)
{
    private readonly int _start = start;

    private const string Decimal = "0123456789";

    /// <summary>How far the scan got.</summary>
    public int At { get; private set; } = start;

    /// <summary>Whether a number begins at the start and nothing alphanumeric follows it.</summary>
    public bool TryNumber()
    {
        var digits = Decimal;
        if (Accept("0") && Accept("xX"))
        {
            Accept("_");
            digits = "0123456789abcdefABCDEF";
        }

        var (dot, exponent) = (Accept("."), false);
        Run(digits);
        while (At < input.Length)
        {
            if (Is("."))
            {
                At++;
                if (dot || exponent || digits != Decimal || Is("_."))
                {
                    return false;
                }

                dot = true;
            }
            else if (digits == Decimal && Is("eE"))
            {
                At++;
                Accept("+-");
                if (exponent || At >= input.Length || Is("._eE"))
                {
                    return false;
                }

                exponent = true;
            }
            else if (Accept("_"))
            {
                if (At >= input.Length || Is("._eE"))
                {
                    return false;
                }
            }
            else if (!Run(digits))
            {
                break;
            }
        }

        return At > _start && !IsAlphanumeric();
    }

    /// <summary>Goes on behind the digits that <see cref="TryNumber"/> has read: whether they begin a duration.</summary>
    public bool TryDuration()
    {
        if (!Accept("smhdwy"))
        {
            return false;
        }

        Accept("s");
        while (Run(Decimal))
        {
            if (!Accept("smhdw"))
            {
                return false;
            }

            Accept("s");
        }

        if (!IsAlphanumeric())
        {
            return true;
        }

        At++;
        return false;
    }

    private readonly bool Is(string set) => At < input.Length && set.Contains(input[At], StringComparison.Ordinal);

    private bool Accept(string set)
    {
        var accepted = Is(set);
        At += accepted ? 1 : 0;
        return accepted;
    }

    private bool Run(string set)
    {
        var before = At;
        while (Accept(set))
        {
        }

        return At > before;
    }

    private readonly bool IsAlphanumeric() => At < input.Length && (char.IsAsciiLetterOrDigit(input[At]) || input[At] == '_');
}
