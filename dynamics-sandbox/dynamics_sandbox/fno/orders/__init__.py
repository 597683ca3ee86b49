"""The life of sales orders and quotations: amounts, documents, totals, invoices."""
